# `make demo` and `make test` are the two commands to know; `make help` lists the rest.
CONFIGURATION ?= Release
CONFIG_DIR := $(shell echo $(CONFIGURATION) | tr A-Z a-z)
ORDINAL := artifacts/bin/Ordinal.Operator/$(CONFIG_DIR)/ordinal
DOTNET_FLAGS := -c $(CONFIGURATION) -v quiet -nologo
KUBECTL ?= kubectl
# Seeds of the simulation that make soak plays, and the first of them
SEEDS ?= 2000
FIRST ?= 1
# Arguments of the demo: make demo ARGS="--scenario generic"
ARGS ?=

export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: deps
deps: ## Bring etcd and kubectl from the Debian archive into .deps/ (no root rights, installs nothing)
	@hack/deps

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
soak: ## Play as many seeds of the simulation as asked for: make soak SEEDS=20000 FIRST=1
	@dotnet build test/Ordinal.Simulation/Ordinal.Simulation.csproj $(DOTNET_FLAGS)
	@DOTNET_GCgen0size=0x4000000 ORDINAL_SIM_SEEDS=$(SEEDS) ORDINAL_SIM_FIRST=$(FIRST) \
		artifacts/bin/Ordinal.Simulation/$(CONFIG_DIR)/Ordinal.Simulation --filter "Name~No_rule_is_broken" --progress off --no-ansi

.PHONY: conformance
conformance: ## Run each rule on each cluster and print the table; a real one when KUBEBUILDER_ASSETS names its programs
	@CONFIGURATION=$(CONFIGURATION) hack/conformance

.PHONY: publish
publish: ## Build the program as it is shipped (compiled ahead of time) into artifacts/publish/ordinal
	@dotnet publish src/Ordinal.Operator/Ordinal.Operator.csproj $(DOTNET_FLAGS) -o artifacts/publish/ordinal --use-current-runtime --self-contained

.PHONY: bench
bench: deps publish ## Print figures beside their targets, measured on this machine; ARGS=reaction for one of them
	@dotnet build test/Ordinal.Benchmarks/Ordinal.Benchmarks.csproj $(DOTNET_FLAGS)
	@ORDINAL=artifacts/publish/ordinal/ordinal artifacts/bin/Ordinal.Benchmarks/$(CONFIG_DIR)/Ordinal.Benchmarks $(ARGS)

.PHONY: generate
generate: ordinal ## Write what is generated from the code: CRDs, RBAC, reference pages
	@$(ORDINAL) generate .

.PHONY: install
install: ## Put the CRDs on the cluster that kubectl points at
	@$(KUBECTL) apply --server-side -k config/crd

.PHONY: uninstall
uninstall: ## Take the CRDs away again; every RolloutPolicy goes with them
	@$(KUBECTL) delete --ignore-not-found -k config/crd

.PHONY: deploy
deploy: ## Put CRDs and operator on the cluster that kubectl points at
	@$(KUBECTL) apply --server-side -k config/default

.PHONY: undeploy
undeploy: ## Take operator and CRDs away again
	@$(KUBECTL) delete --ignore-not-found -k config/default

.PHONY: clean
clean: ## Remove everything that was built; .deps/ stays
	@rm -rf artifacts
