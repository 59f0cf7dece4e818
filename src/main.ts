#!/usr/bin/env node
process.stderr.write('fillbook\n');
