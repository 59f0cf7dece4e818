-- Quarantined lines by file and line, as the report lists them: without it each page of a large quarantine would sort all of it.
create index quarantine_by_line on quarantine (tenant_id, status, origin, line, quarantine_id);
