// @ts-check
// A real Chromium, seen where there is a display.

import { chromium } from 'playwright';

/** Longest wait for anything the page should do. */
const PATIENCE_MS = 15_000;

/** Whether a window can be shown. @param {NodeJS.ProcessEnv} env */
export function hasDisplay(env = process.env, platform = process.platform) {
  if (platform === 'win32' || platform === 'darwin') return env.CI === undefined;
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/**
 * Opens a browser with one empty page.
 *
 * @param {string} executablePath
 * @param {{ visible: boolean }} options
 * @returns {Promise<{ browser: import('playwright').Browser, page: import('playwright').Page }>}
 */
export async function openBrowser(executablePath, { visible }) {
  const browser = await chromium.launch({
    executablePath,
    headless: !visible,
    timeout: 30_000,
    // Signals are the command's matter: it closes the browser among the rest.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  try {
    const page = await browser.newPage({ viewport: visible ? null : { width: 1200, height: 900 } });
    page.setDefaultTimeout(PATIENCE_MS);
    return { browser, page };
  } catch (error) {
    await browser.close();
    throw error;
  }
}
