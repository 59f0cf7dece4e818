import type { Instrument } from '../instrument.js';
import { multiplier, unit } from './amount.js';
import type { Multiplier, Unit } from './amount.js';

/**
 * How trades of an instrument are posted:
 * - `security`: it is exchanged for money
 * - `currency_pair`: one currency is exchanged for another, so that what is bought is cash too
 * - `future`: nothing is paid but gains and losses, when they are realised
 */
export interface PostedInstrument {
  readonly kind: 'security' | 'currency_pair' | 'future';
  /** What a quantity of it counts: of a currency pair the base currency, else the instrument itself. */
  readonly unit: Unit;
  readonly quote: Unit;
  readonly settlement: Unit;
  readonly multiplier: Multiplier;
}

const SEPARATOR = /[-/_.:]$/u;
const CURRENCY = /^[A-Z0-9]+$/iu;

/** The base currency as the symbol shows it: `BTC` of BTCUSDT, BTC-USDT and BTC/USDT quoted in USDT; undefined where it does not. */
function baseCurrencyOf({ symbol, quoteCurrency }: Pick<Instrument, 'symbol' | 'quoteCurrency'>): Unit | undefined {
  if (quoteCurrency === '' || !symbol.endsWith(quoteCurrency)) return undefined;
  const base = symbol.slice(0, -quoteCurrency.length).replace(SEPARATOR, '');
  return CURRENCY.test(base) ? unit(base) : undefined;
}

/** How trades of an instrument are posted. A pair whose symbol does not show its base currency is posted as a security. */
export function postedInstrument(instrument: Instrument): PostedInstrument {
  const { securityType, symbol } = instrument;
  const base = securityType === 'spot' || securityType === 'forex' ? baseCurrencyOf(instrument) : undefined;
  return {
    kind: base === undefined ? (securityType === 'future' ? 'future' : 'security') : 'currency_pair',
    unit: base ?? unit(symbol),
    quote: unit(instrument.quoteCurrency),
    settlement: unit(instrument.settlementCurrency),
    multiplier: multiplier(instrument.multiplier),
  };
}
