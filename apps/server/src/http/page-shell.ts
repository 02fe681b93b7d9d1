/** Text as it may stand inside HTML. */
export const escapeHtml = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

const STYLE = `
:root{color-scheme:light dark;--ink:light-dark(#1a1c22,#e8e9ee);--soft:light-dark(#5c6170,#a0a5b4);--paper:light-dark(#fbfbfd,#121318);--card:light-dark(#fff,#1a1c23);--line:light-dark(#e2e4ea,#2b2e38);--accent:light-dark(#4a45d1,#9d99ff);--code:light-dark(#f1f2f6,#22252e)}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:56rem;margin:0 auto;padding:2.5rem 1.25rem 5rem}
h1{font-size:2rem;line-height:1.2;letter-spacing:-.02em;margin:0 0 .5rem}h2{font-size:1.3rem;margin:3rem 0 1rem;text-transform:capitalize}h3{font-size:1rem;margin:0;overflow-wrap:anywhere}
p{margin:.4rem 0 1rem}a{color:var(--accent)}a:focus-visible,input:focus-visible,button:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
code{font:.875em ui-monospace,SFMono-Regular,Menlo,monospace;background:var(--code);border-radius:4px;padding:.1em .35em;overflow-wrap:anywhere}
.lead{color:var(--soft);font-size:1.1rem}.soft{color:var(--soft)}
section.endpoint{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem 1.25rem;margin:0 0 1rem}
.method{display:inline-block;min-width:4.2rem;font:600 .75rem/1.6 ui-monospace,monospace;color:var(--accent)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem;margin:.5rem 0}th{text-align:left;color:var(--soft);font-weight:500}td:first-child,th:first-child{width:15rem}td code{white-space:nowrap}td,th{padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
label{display:block;margin-bottom:.3rem}nav a{margin-right:1rem}input{width:100%;font:inherit;padding:.6rem .8rem;border:1px solid var(--line);border-radius:8px;background:var(--card);color:inherit}button{display:block;font:inherit;font-weight:600;margin:1rem 0 1.5rem;padding:.6rem 1.2rem;border:0;border-radius:8px;background:var(--accent);color:var(--paper);cursor:pointer}
.narrow{max-width:26rem;padding-top:15vh}[role=alert]{color:light-dark(#b3261e,#ff8a80)}`;

/** A page of the server's own, without scripts: works everywhere, light and dark. */
export function page(title: string, content: string, kind: "wide" | "narrow" = "wide"): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Arc Fabric</title>
<style>${STYLE}</style>
</head>
<body>
<main${kind === "narrow" ? ' class="narrow"' : ""}>
${content}
</main>
</body>
</html>
`;
}
