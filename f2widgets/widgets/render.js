// The end of every panel's module: `build(page)` comes from the panel's own script.
function render({ model, el }) {
  const page = pageOf(model, el);
  el.classList.add("f2-root");
  build(page);
  page.ready();
  return () => page.end();
}
export default { render };
