// The page as it is served: whole, accessible by its markup, and possible under its policy.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { markupOf, pageMarkup, pageStyles, viewsOf } from '../../demo/lib/assemble.mjs';
import { CONTENT_SECURITY_POLICY } from '../../demo/lib/page-server.mjs';

const folder = join(import.meta.dirname, '../../demo/page');
const markup = pageMarkup();
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .join('\n');

/** Pages that stand in frames, and their programs. */
const FRAMES = { 'trust/frame.html': '/trust-calendar.js', 'work/observer.html': '/work-observer.js' } as const;
const framed = Object.keys(FRAMES).map(markupOf).join('\n');

const all = (pattern: RegExp, text = markup) => Array.from(text.matchAll(pattern), ([, found = '']) => found);

describe('the page', () => {
  it('has markup, styles and a script for each view, and mounts it', () => {
    const views = viewsOf(readFileSync(join(folder, 'index.html'), 'utf8'));
    const main = readFileSync(join(folder, 'main.ts'), 'utf8');
    expect(views.length).toBeGreaterThan(0);
    const files = readdirSync(join(folder, 'views')).sort();
    expect(files).toEqual(views.flatMap((name) => ['css', 'html', 'ts'].map((kind) => `${name}.${kind}`)).sort());
    for (const name of views) {
      expect(markup).toMatch(new RegExp(`<section[^>]* id="${name}"`));
      expect(main).toContain(`./views/${name}.js`);
    }
  });

  it('has no inline script, style or handler, which its policy would refuse', () => {
    expect(markup).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:/i);
    expect(all(/<script([^>]*)>/g)).toEqual([' type="module" src="/page.js"']);
    expect(scripts).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|setAttribute\('style'|document\.write/);
    expect(CONTENT_SECURITY_POLICY).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; frame-src 'self'; " +
        "connect-src 'self' ws://127.0.0.1:* http://127.0.0.1:*; " +
        "require-trusted-types-for 'script'; trusted-types ringline-demo",
    );
  });

  it('keeps the agent in a frame to an origin of its own', () => {
    expect(scripts).toContain("frame.setAttribute('sandbox', 'allow-scripts')");
  });

  it.each(Object.entries(FRAMES))('gives %s nothing inline either', (file, program) => {
    const document = markupOf(file);
    expect(document).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:|(?:src|href)="(?:https?:)?\/\//i);
    expect(all(/<script([^>]*)>/g, document)).toEqual([` type="module" src="${program}"`]);
    expect(document).toMatch(/<html lang="en">.*<title>[^<]+<\/title>/s);
    expect(document).toContain('<meta name="viewport" content="width=device-width, initial-scale=1" />');
  });

  it('takes news of the observer from its frame alone, and of its own origin alone', () => {
    const view = readFileSync(join(folder, 'views/work.ts'), 'utf8');
    expect(view).toMatch(/source !== this\.#frame\.contentWindow \|\| origin !== location\.origin/);
    expect(scripts).toContain('parent.postMessage(observed, location.origin)');
  });

  it('opens what a job made as nothing but a download', () => {
    const blobs = all(/new Blob\(([^;]+)\)\)?;/g, scripts);
    expect(blobs.filter((blob) => /html|xml|svg|javascript/.test(blob))).toEqual([]);
    const artifact = readFileSync(join(folder, 'work/artifact.ts'), 'utf8');
    expect(all(/type: '([^']+\/[^']+)'/g, artifact)).toEqual(['application/octet-stream']);
    expect(artifact).toMatch(/link\.download = '[a-z-]+\.txt'/);
    expect(artifact).not.toMatch(/window\.open|iframe|srcdoc|DOMParser/);
  });

  it('makes one policy for the addresses of workers, which lets one address through', () => {
    const policies = all(/createPolicy\('([^']+)'/g, scripts);
    expect(policies).toEqual(['ringline-demo']);
    expect(all(/new Worker\(([^,]+),/g, scripts)).toEqual(['trusted as string']);
  });

  it('loads nothing from elsewhere', () => {
    expect(markup).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(pageStyles()).not.toMatch(/url\(|@import/);
  });

  it('gives each id once, and points only to ids that are there', () => {
    const ids = all(/\sid="([^"]+)"/g);
    expect(new Set(ids).size).toBe(ids.length);
    const pointers = [
      ...all(/\s(?:for|aria-controls|aria-labelledby|aria-describedby)="([^"]+)"/g),
      ...all(/href="#([^"]+)"/g),
    ];
    expect(pointers.filter((pointer) => !ids.includes(pointer))).toEqual([]);
  });

  it('names every control', () => {
    const labelled = all(/\sfor="([^"]+)"/g);
    for (const [tag] of markup.matchAll(/<(?:input|textarea)[^>]*>/g)) {
      const id = /\sid="([^"]+)"/.exec(tag)?.[1] ?? '';
      const wrapped = ['<label>', '<label class="switch">', '<label class="spoil-way">'].some((label) =>
        markup.includes(label + tag),
      );
      expect(wrapped || labelled.includes(id) || tag.includes('aria-label='), tag).toBe(true);
    }
    expect(all(/<button([^>]*)>/g).filter((attributes) => !/type="(?:button|submit)"/.test(attributes))).toEqual([]);
  });

  it('shows a sample whose names the front door has', () => {
    const frontDoor = readFileSync(join(folder, '../../src/index.ts'), 'utf8');
    const imports = /import<\/span> \{([^}]+)\}/.exec(markup)?.[1]?.split(',') ?? [];
    expect(imports.length).toBe(4);
    for (const name of imports) expect(frontDoor).toMatch(new RegExp(`\\b${name.trim()}\\b`));
  });

  it('has every slot and control its scripts ask for', () => {
    const slots = all(/\bslot(?:<[^(]*>)?\('([^']+)'/g, scripts);
    const controls = all(/\bcontrol(?:<[^(]*>)?\('([^']+)'/g, scripts);
    expect(slots.length).toBeGreaterThan(20);
    expect(slots.filter((name) => !(markup + framed).includes(`data-slot="${name}"`))).toEqual([]);
    expect(controls.filter((name) => !markup.includes(`data-do="${name}"`))).toEqual([]);
  });
});
