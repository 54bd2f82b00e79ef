// @ts-check
// What the dinner job makes: a page of HTML with a script in it, as a stranger's might be. Whoever fetches it shows what it
// says, and never runs it.

/**
 * Writes the invitation.
 *
 * @param {{ host: string, guests: number, dish: string, wine: boolean, ordered: boolean }} plan
 */
export function invitation({ host, guests, dish, wine, ordered }) {
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Dinner on Friday</title>
  <h1>Dinner on Friday, at eight</h1>
  <p>${escaped(host)} asks ${guests - 1} of you to the table.</p>
  <p>There will be ${escaped(dish.charAt(0).toLowerCase() + dish.slice(1))}${wine ? ', and wine with it' : ''}.</p>
  <p>${ordered ? 'The market has been told.' : 'Somebody still has to go to the market.'}</p>
  <script>document.title = 'This ran, and it should not have.'</script>
</html>
`;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
