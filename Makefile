# `make demo` and `make test` are the two commands to know; `make help` lists the rest.
CONFIGURATION ?= Release
CONFIG_DIR := $(shell echo $(CONFIGURATION) | tr A-Z a-z)
ORDINAL := artifacts/bin/Ordinal.Operator/$(CONFIG_DIR)/ordinal
DOTNET_FLAGS := -c $(CONFIGURATION) -v quiet -nologo
KUBECTL ?= kubectl
# The operator's image, under a name that the cluster can pull: make deploy IMAGE=registry.example.com/ordinal:0.1.0
IMAGE ?= ordinal:0.1.0
# Seeds of the simulation that make soak plays, and the first of them
SEEDS ?= 2000
FIRST ?= 1
# Arguments of the demo: make demo ARGS="--scenario generic"
ARGS ?=
# Debian packages that the demo's scenario needs: ZooKeeper comes with a Java runtime, and only where it is asked for.
DEPS ?= $(if $(findstring zookeeper,$(ARGS)),zookeeper kubernetes-client,$(if $(findstring generic,$(ARGS))$(findstring kafka,$(ARGS)),kubernetes-client,etcd-server etcd-client kubernetes-client))

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: deps
deps: ## Bring etcd and kubectl from the Debian archive into .deps/ (no root rights, installs nothing); DEPS=zookeeper for that
	@hack/deps $(DEPS)

.PHONY: build
build: ## Build the whole solution
	@dotnet build Operator.sln $(DOTNET_FLAGS)

.PHONY: ordinal
ordinal:
	@dotnet build src/Ordinal.Operator/Ordinal.Operator.csproj $(DOTNET_FLAGS)

.PHONY: demo
demo: deps ordinal ## Roll a real three-member etcd on an embedded Kubernetes and prove that nothing was lost
	@$(ORDINAL) demo $(ARGS)

.PHONY: test
test: ## Build, then run every test module; the last line is the sum
	@CONFIGURATION=$(CONFIGURATION) hack/test

.PHONY: soak
soak: deps ## Play as many seeds as asked for, roll a set of 1,000 pods, then kill -9 the operator at each write on a real etcd: make soak SEEDS=20000 FIRST=1
	@dotnet build test/Ordinal.Simulation/Ordinal.Simulation.csproj $(DOTNET_FLAGS)
	@env $$(hack/simulation-settings) ORDINAL_SIM_SEEDS=$(SEEDS) ORDINAL_SIM_FIRST=$(FIRST) \
		artifacts/bin/Ordinal.Simulation/$(CONFIG_DIR)/Ordinal.Simulation --filter "Name~No_rule_is_broken" --progress off --no-ansi
	@env $$(hack/simulation-settings) ORDINAL_SOAK=1 artifacts/bin/Ordinal.Simulation/$(CONFIG_DIR)/Ordinal.Simulation --filter "Name~A_large_set" --progress off --no-ansi
	@dotnet build test/Ordinal.Integration/Ordinal.Integration.csproj $(DOTNET_FLAGS)
	@ORDINAL_SOAK=1 artifacts/bin/Ordinal.Integration/$(CONFIG_DIR)/Ordinal.Integration --filter "FullyQualifiedName~KillTests" --progress off --no-ansi

.PHONY: conformance
conformance: ## Run each rule on each cluster and print the table; a real one when KUBEBUILDER_ASSETS names its programs
	@CONFIGURATION=$(CONFIGURATION) hack/conformance

.PHONY: publish
publish: ## Build the program as it is shipped (compiled ahead of time) into artifacts/publish/ordinal
	@dotnet publish src/Ordinal.Operator/Ordinal.Operator.csproj $(DOTNET_FLAGS) -o artifacts/publish/ordinal

.PHONY: bench
bench: DEPS = etcd-server etcd-client kubernetes-client$(if $(ARGS),$(if $(filter zookeeper,$(ARGS)), zookeeper), zookeeper)
bench: deps publish ## Print figures beside their targets, measured on this machine; ARGS=reaction for one of them
	@dotnet build test/Ordinal.Benchmarks/Ordinal.Benchmarks.csproj $(DOTNET_FLAGS)
	@ORDINAL=artifacts/publish/ordinal/ordinal artifacts/bin/Ordinal.Benchmarks/$(CONFIG_DIR)/Ordinal.Benchmarks $(ARGS)

.PHONY: generate
generate: ordinal ## Write what is generated from the code: CRDs, RBAC, reference pages
	@$(ORDINAL) generate .

# Before 1.21 the kustomize inside of kubectl knows no components, and says so in words that nobody understands.
.PHONY: kustomize
kustomize:
	@$(KUBECTL) kustomize config/default >/dev/null 2>&1 || { \
		echo "make $(MAKECMDGOALS): kubectl 1.21 or newer is needed, and '$(KUBECTL)' is $$($(KUBECTL) version --client --short 2>/dev/null | head -n 1 | grep . || echo none that runs); give another one: make $(MAKECMDGOALS) KUBECTL=/path/to/kubectl" >&2; exit 1; }

.PHONY: install
install: kustomize ## Put the CRDs on the cluster that kubectl points at
	@$(KUBECTL) apply --server-side -k config/crd

.PHONY: uninstall
uninstall: kustomize ## Take the CRDs away again; every RolloutPolicy goes with them
	@$(KUBECTL) delete --ignore-not-found -k config/crd

.PHONY: deploy
deploy: kustomize ## Put CRDs and operator on the cluster that kubectl points at; IMAGE= names the image
	@$(KUBECTL) kustomize config/default | sed 's#image: ordinal:0\.1\.0$$#image: $(IMAGE)#' | $(KUBECTL) apply --server-side -f -

.PHONY: undeploy
undeploy: kustomize ## Take operator and CRDs away again
	@$(KUBECTL) delete --ignore-not-found -k config/default

.PHONY: clean
clean: ## Remove everything that was built; .deps/ stays
	@rm -rf artifacts
