/** The embedded modules by name: `modules.vault` is the source of `require("assay.vault")`. One line for each file here. */
import error from "./_error.lua" with { type: "text" };
import http from "./_http.lua" with { type: "text" };
import time from "./_time.lua" with { type: "text" };
import url from "./_url.lua" with { type: "text" };
import wait from "./_wait.lua" with { type: "text" };

export const modules: Readonly<Record<string, string>> = {
  // Shared by the modules below, not for scripts.
  _error: error,
  _http: http,
  _time: time,
  _url: url,
  _wait: wait,
};
