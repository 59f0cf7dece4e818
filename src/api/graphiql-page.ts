import { createHash } from 'node:crypto';

/** What the page opens on: it runs as it stands, shows something of the demo's data, and fits a small window. */
const FIRST_QUERIES = `# Ctrl-Enter runs what the cursor is in; the button asks.

# Which targets are unfilled?
query Unfilled {
  unfilledTargets(first: 10) {
    edges {
      node {
        targetKey accountId status filledQty quantity
        order { ordStatus avgPx }
        position { symbol openQty }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}

# Every target as it is now, then each change as it happens.
# Shown is the newest: resume after its position.
subscription Targets {
  targetChanged(after: "0") {
    position
    target { targetKey status filledQty }
  }
}
`;

/** The page to try queries on, and what its browser may load for it. */
interface GraphiQLPage {
  readonly html: string;
  /** A Content-Security-Policy (CSP Level 3): the page's own script by its digest, and requests to our own host only. */
  readonly policy: string;
}

const SCRIPT_BEGIN = '<script>';
const SCRIPT_END = '</script>';

/** The one script of the page. Throws where there is none or another one, so that no policy is made that does not fit. */
function scriptIn(html: string): string {
  const begin = html.indexOf(SCRIPT_BEGIN);
  const end = html.indexOf(SCRIPT_END, begin);
  if (begin < 0 || end < 0 || html.includes('<script', end)) throw new Error('the page must have one script, and it inline');
  return html.slice(begin + SCRIPT_BEGIN.length, end);
}

function policyOf(html: string): string {
  const digest = createHash('sha256').update(scriptIn(html)).digest('base64');
  return [
    "default-src 'none'",
    `script-src 'sha256-${digest}'`,
    // The editor works in workers that the page makes of its own text, and sets styles as it goes.
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

async function render(): Promise<GraphiQLPage> {
  // 9 MB of text: loaded by the first who asks for the page.
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  // A browser reads a line end as LF, whatever it is in the file, and takes the digest of that.
  const html = renderGraphiQL({ title: 'Fillbook', subscriptionsProtocol: 'SSE', defaultQuery: FIRST_QUERIES }).replaceAll(/\r\n?/gu, '\n');
  return { html, policy: policyOf(html) };
}

let page: Promise<GraphiQLPage> | undefined;

/** GraphiQL whole, from the package: it works without a network, and nobody else hears of it. */
export function graphiqlPage(): Promise<GraphiQLPage> {
  page ??= render();
  return page;
}
