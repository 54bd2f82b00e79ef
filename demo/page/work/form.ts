// The form of a question: drawn from the plan its schema came to, or a place for JSON where that came to none.

import type { JsonValue } from 'ringline/codec';
import { make } from '../ui/dom.js';
import { plain } from './plain.js';
import { type Field, type Filled, planForm, readAnswer } from './schema-form.js';

/** Values that are shown beside each other; more of them go into a list. */
const MAX_PILLS = 5;

let forms = 0;

/** Draws a form. @param send Called with the answer; the form is busy until it settles. */
export function drawForm(
  schema: JsonValue,
  initial: JsonValue | undefined,
  send: (answer: JsonValue) => Promise<void>,
): HTMLFormElement {
  const plan = planForm(schema, initial);
  const controls = plan === undefined ? [drawJson(initial)] : plan.fields.map((field) => drawField(field));
  const button = make('button', 'button primary', 'Answer');
  button.type = 'submit';
  const form = make('form', 'question-form', ...controls.map(({ element }) => element), button);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-busy') === 'true') return;
    const filled = controls.map(({ read }) => read());
    let answer: JsonValue;
    try {
      answer = plan === undefined ? (JSON.parse(String(filled[0])) as JsonValue) : readAnswer(plan, filled);
    } catch {
      return controls[0]?.element.querySelector<HTMLElement>('textarea')?.focus();
    }
    button.setAttribute('aria-busy', 'true');
    void send(answer).finally(() => button.removeAttribute('aria-busy'));
  });
  return form;
}

interface Control {
  readonly element: HTMLElement;
  read(): Filled[number];
}

function drawField(field: Field): Control {
  switch (field.kind) {
    case 'one-of':
      return field.values.length > MAX_PILLS ? drawList(field) : drawPills(field);
    case 'flag': {
      const box = make('input', '');
      box.type = 'checkbox';
      box.checked = field.initial;
      return { element: make('label', 'question-flag', box, make('span', '', field.label)), read: () => box.checked };
    }
    case 'number': {
      const input = make('input', 'input');
      input.type = 'number';
      input.required = field.required;
      input.step = field.whole ? '1' : 'any';
      if (field.min !== undefined) input.min = String(field.min);
      if (field.max !== undefined) input.max = String(field.max);
      input.value = field.initial === undefined ? '' : String(field.initial);
      return { element: labelled(field, input), read: () => input.value };
    }
    default: {
      const input = make('input', 'input');
      input.type = 'text';
      input.autocomplete = 'off';
      input.required = field.required && field.minCharacters > 0;
      input.minLength = field.minCharacters;
      input.maxLength = Math.max(field.minCharacters, field.maxCharacters);
      input.value = field.initial;
      return { element: labelled(field, input), read: () => input.value };
    }
  }
}

function drawPills({ label, values, initial }: Extract<Field, { kind: 'one-of' }>): Control {
  const name = `question-${++forms}`;
  const pills = values.map((value, at) => {
    const input = make('input', '');
    input.type = 'radio';
    input.name = name;
    input.checked = at === initial;
    return { input, element: make('label', 'spoil-way', input, make('span', '', plain(value, 40))) };
  });
  const ways = make('div', 'question-pills', ...pills.map(({ element }) => element));
  const group = make('fieldset', 'question-field', make('legend', '', label), ways);
  return { element: group, read: () => pills.findIndex(({ input }) => input.checked) };
}

function drawList(field: Extract<Field, { kind: 'one-of' }>): Control {
  const options = field.values.map((value) => make('option', '', plain(value, 80)));
  const select = make('select', 'input', ...options);
  select.selectedIndex = field.initial;
  return { element: labelled(field, select), read: () => select.selectedIndex };
}

/** Where the schema is too intricate for a form. */
function drawJson(initial: JsonValue | undefined): Control {
  const area = make('textarea', 'input mono');
  area.rows = 5;
  area.spellcheck = false;
  area.value = JSON.stringify(initial ?? null, undefined, 2);
  const label = make('span', '', 'What is asked is too intricate for a form. Answer in JSON.');
  return { element: make('label', 'question-field', label, area), read: () => area.value };
}

function labelled({ label }: Field, input: HTMLElement): HTMLElement {
  return make('label', 'question-field', make('span', '', label), input);
}
