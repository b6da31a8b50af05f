#!/usr/bin/env bash
# Makes go.mod and go.sum again after a version below was changed. Run by hand, by whoever moves a pin;
# builds read the committed files only (-mod=readonly).
set -euo pipefail
cd "$(dirname "$0")"
kubernetes=1.37.2
staging=v0.${kubernetes#1.}

rm -f go.mod go.sum
go mod init belay/tools
# k8s.io/kubernetes requires its staging modules at v0.0.0 and replaces them by folders, which a dependent does not
# inherit: each is replaced here by its published twin.
upstream=$(go mod download -json "k8s.io/kubernetes@v$kubernetes" | sed -n 's/.*"GoMod": "\(.*\)",/\1/p')
sed -n 's|^[[:space:]]*\(k8s.io/[^ ]*\) => ./staging/.*|\1|p' "$upstream" | while read -r module; do
  go mod edit -replace "$module=$module@$staging"
done
# One `go get` with every version: without versions it moves everything to latest, which breaks two of them.
go get "k8s.io/kubernetes@v$kubernetes" go.etcd.io/etcd/server/v3@v3.7.0 sigs.k8s.io/kwok@v0.8.0 \
  github.com/prometheus/prometheus@v0.316.0 github.com/temporalio/cli@v1.5.1 sigs.k8s.io/karpenter@v1.12.0 helm.sh/helm/v4@v4.3.1
for package in go.etcd.io/etcd/server/v3 \
  k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler,kubectl} \
  sigs.k8s.io/kwok/cmd/{kwok,kwokctl} github.com/prometheus/prometheus/cmd/{prometheus,promtool} \
  github.com/temporalio/cli/cmd/temporal sigs.k8s.io/karpenter/kwok helm.sh/helm/v4/cmd/helm; do
  go mod edit -tool="$package"
done
go mod tidy
