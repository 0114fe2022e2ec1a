#!/usr/bin/assay
log.info("Hello from Assay!")
