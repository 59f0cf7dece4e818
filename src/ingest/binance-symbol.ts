/*
 * Which asset a Binance symbol is quoted in. A symbol is base and quote written together (`BTCUSDT`), and no message says where
 * one ends; the exchange's own list does, which is no part of a file.
 */

/** Assets that others are quoted in, on Binance and Binance.US. */
const QUOTE_ASSETS = [
  'USDT', 'USDC', 'FDUSD', 'BUSD', 'TUSD', 'USDP', 'USDS', 'USD1', 'USDE', 'XUSD', 'BFUSD', 'USD', 'DAI', 'VAI', 'PAX', 'UST', 'IDRT', 'BIDR', 'BVND', 'AEUR', 'EURI', 'EUR', 'GBP', 'AUD',
  'TRY', 'BRL', 'JPY', 'RUB', 'UAH', 'NGN', 'ZAR', 'PLN', 'RON', 'ARS', 'COP', 'MXN', 'CZK', 'IDR', 'BTC', 'ETH', 'BNB', 'SOL', 'TRX', 'XRP', 'DOGE',
] as const;

/** Coins by which a symbol with two readings is told apart: `DOTUSD` is DOT in USD, not DO in TUSD. */
const BASE_ASSETS: ReadonlySet<string> = new Set([
  'BTC', 'ETH', 'BNB', 'SOL', 'XRP', 'DOGE', 'ADA', 'TRX', 'DOT', 'SHIB', 'AVAX', 'LINK', 'LTC', 'BCH', 'ETC', 'XLM', 'ATOM', 'UNI', 'FIL', 'APT', 'ARB', 'GRT', 'BAT', 'ANT', 'LPT', 'FET',
  'USDT', 'USDC', 'LUNA', 'GALA', 'MANA', 'MATIC', 'NEAR', 'ALGO', 'VET', 'HBAR', 'CKB', 'HNT', 'ZRX', 'WBTC', 'MKR', 'ENS', 'KAVA', 'ROSE', 'LOKA', 'OXT', 'CHZ', 'SUI', 'TIA', 'ENA', 'WLD',
]);

/**
 * The longest known quote asset that a symbol ends in, one that leaves a known base before any other; undefined where there is
 * none. A delivery date (`BTCUSDT_260626`) is no part of it.
 */
export function quoteAssetOf(symbol: string): string | undefined {
  const pair = symbol.replace(/_\d{6}$/u, '');
  const readings = QUOTE_ASSETS.filter((quote) => pair.length > quote.length && pair.endsWith(quote)).toSorted((a, b) => b.length - a.length);
  return readings.find((quote) => BASE_ASSETS.has(pair.slice(0, -quote.length))) ?? readings[0];
}
