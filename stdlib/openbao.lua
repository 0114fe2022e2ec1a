--- OpenBao: the module vault under the name of the product. Messages begin with "vault:" here too.
--- Source: OpenBao API, openbao.org/api-docs.
--- Example: local c = openbao.client("http://openbao:8200", env.get("BAO_TOKEN")); assert.eq(c:is_sealed(), false)
return require("assay.vault")
