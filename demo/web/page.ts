/** The HTML document of a site. Its script renders all visible content. */

export interface Page {
  readonly title: string;
  /** Name of script and style sheet under `/assets`. */
  readonly bundle: string;
  /** Origins that may embed this page, for the guest SDK. Omit it for a page that is not a guest. */
  readonly hostOrigins?: readonly string[];
  /** Passed to the page's script as JSON. */
  readonly data?: unknown;
}

export function renderPage({ title, bundle, hostOrigins, data }: Page): string {
  const meta =
    hostOrigins === undefined
      ? ""
      : `<meta name="breezeway-host-origins" content="${escapeHtml(hostOrigins.join(" "))}" />`;
  // A `<` in the JSON could close the element (HTML, section 4.12.1.3).
  const json = data === undefined ? "" : JSON.stringify(data).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${escapeHtml(title)}</title>
    ${meta}
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/assets/${bundle}.css" />
    <script type="module" src="/assets/${bundle}.js"></script>
  </head>
  <body>
    <noscript>This page needs JavaScript.</noscript>
    ${json && `<script type="application/json" id="page-data">${json}</script>`}
  </body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
