/**
 * How the server runs, given on its command line so that a later version of this program brings its own. Durability is never
 * traded: a commit is on disk before it is acknowledged. The rest fits a small machine that also runs the ledger itself.
 */
const settings: Readonly<Record<string, string>> = {
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // Nothing replicates or archives: COPY into a table of the same transaction then need not pass the log.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  max_wal_size: '1GB',
  min_wal_size: '80MB',

  max_connections: '100',
  shared_buffers: '64MB',
  effective_cache_size: '512MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  random_page_cost: '1.1',
  // Queries are short; compiling them costs more than they do.
  jit: 'off',
  // Two cores, shared with the ledger: a query that takes them all slows every other one.
  max_parallel_workers_per_gather: '0',
  max_worker_processes: '4',
  // No idle I/O worker processes beside the backends.
  io_method: 'sync',

  timezone: 'UTC',
  log_timezone: 'UTC',
  // TCP on the loopback only: a socket's path has at most 107 bytes, a data folder's path may have more.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // Failed statements are the client's to report; the server logs what happens to itself.
  log_min_messages: 'log',
  log_checkpoints: 'off',
  log_line_prefix: '',
};

/** The settings as arguments of the `postgres` program. */
export function settingArguments(port: number): string[] {
  return Object.entries({ ...settings, port: String(port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
