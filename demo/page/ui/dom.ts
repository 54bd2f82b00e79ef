// Small helpers over the DOM. Nothing here takes markup as text, so the page holds under Trusted Types.

/** The element of a view that a script fills or reads, by its `data-slot`. */
export function slot<T extends Element = HTMLElement>(name: string, root: ParentNode = document): T {
  return required<T>(`[data-slot="${name}"]`, root);
}

/** The control of a view that does something, by its `data-do`. */
export function control<T extends Element = HTMLButtonElement>(name: string, root: ParentNode = document): T {
  return required<T>(`[data-do="${name}"]`, root);
}

function required<T extends Element>(selector: string, root: ParentNode): T {
  const found = root.querySelector<T>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}

/** Makes an element with a class and text or children. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  if (className !== '') element.className = className;
  element.append(...children);
  return element;
}

/** Makes an SVG element. */
export function makeSvg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | number>>,
  ...children: Node[]
): SVGElementTagNameMap[Name] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/**
 * Runs an asynchronous action at each click, one at a time: the button is busy meanwhile.
 *
 * @param action Must handle its own failures.
 */
export function onPress(button: HTMLButtonElement, action: () => Promise<void> | void): void {
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-busy') === 'true') return;
    button.setAttribute('aria-busy', 'true');
    void Promise.resolve(action()).finally(() => button.removeAttribute('aria-busy'));
  });
}

/** Switches a control off; where it has the focus, another one gets that, so that a keyboard stays where it was. */
export function switchOff(button: HTMLButtonElement, next: HTMLElement): void {
  if (document.activeElement === button) next.focus({ preventScroll: true });
  button.disabled = true;
}

/** Whether the person asked for less movement. */
export function prefersStillness(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
