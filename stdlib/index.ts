/** The embedded modules by name: `modules.vault` is the source of `require("assay.vault")`. One line for each file here. */
import bound from "./_bound.lua" with { type: "text" };
import conditions from "./_conditions.lua" with { type: "text" };
import documents from "./_documents.lua" with { type: "text" };
import endpoints from "./_endpoints.lua" with { type: "text" };
import error from "./_error.lua" with { type: "text" };
import exec from "./_exec.lua" with { type: "text" };
import gzip from "./_gzip.lua" with { type: "text" };
import http from "./_http.lua" with { type: "text" };
import jobs from "./_jobs.lua" with { type: "text" };
import jsonpath from "./_jsonpath.lua" with { type: "text" };
import kinds from "./_kinds.lua" with { type: "text" };
import kubeconfig from "./_kubeconfig.lua" with { type: "text" };
import kubernetes from "./_kubernetes.lua" with { type: "text" };
import objects from "./_objects.lua" with { type: "text" };
import readiness from "./_readiness.lua" with { type: "text" };
import time from "./_time.lua" with { type: "text" };
import url from "./_url.lua" with { type: "text" };
import wait from "./_wait.lua" with { type: "text" };
import watch from "./_watch.lua" with { type: "text" };
import workloads from "./_workloads.lua" with { type: "text" };
import alertmanager from "./alertmanager.lua" with { type: "text" };
import argocd from "./argocd.lua" with { type: "text" };
import certmanager from "./certmanager.lua" with { type: "text" };
import crossplane from "./crossplane.lua" with { type: "text" };
import dex from "./dex.lua" with { type: "text" };
import eso from "./eso.lua" with { type: "text" };
import flux from "./flux.lua" with { type: "text" };
import grafana from "./grafana.lua" with { type: "text" };
import harbor from "./harbor.lua" with { type: "text" };
import hashicorpVault from "./hashicorp.vault.lua" with { type: "text" };
import healthcheck from "./healthcheck.lua" with { type: "text" };
import k8s from "./k8s.lua" with { type: "text" };
import kargo from "./kargo.lua" with { type: "text" };
import loki from "./loki.lua" with { type: "text" };
import openbao from "./openbao.lua" with { type: "text" };
import prometheus from "./prometheus.lua" with { type: "text" };
import temporal from "./temporal.lua" with { type: "text" };
import traefik from "./traefik.lua" with { type: "text" };
import vault from "./vault.lua" with { type: "text" };
import velero from "./velero.lua" with { type: "text" };

export const modules: Readonly<Record<string, string>> = {
  alertmanager,
  argocd,
  certmanager,
  crossplane,
  dex,
  eso,
  flux,
  grafana,
  harbor,
  "hashicorp.vault": hashicorpVault,
  healthcheck,
  k8s,
  kargo,
  loki,
  openbao,
  prometheus,
  temporal,
  traefik,
  vault,
  velero,

  // Shared by the modules above, not for scripts.
  _bound: bound,
  _conditions: conditions,
  _documents: documents,
  _endpoints: endpoints,
  _error: error,
  _exec: exec,
  _gzip: gzip,
  _http: http,
  _jobs: jobs,
  _jsonpath: jsonpath,
  _kinds: kinds,
  _kubeconfig: kubeconfig,
  _kubernetes: kubernetes,
  _objects: objects,
  _readiness: readiness,
  _time: time,
  _url: url,
  _wait: wait,
  _watch: watch,
  _workloads: workloads,
};
