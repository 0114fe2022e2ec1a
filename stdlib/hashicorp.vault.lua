--- Vault under another name that scripts use for it: the module vault itself.
--- Source: Vault API, developer.hashicorp.com/vault/api-docs.
--- Example: local vault = require("assay.hashicorp.vault"); local c = vault.client("https://vault:8200", "s.token")
return require("assay.vault")
