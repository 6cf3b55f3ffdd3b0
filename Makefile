# `make` shows what there is.
.DEFAULT_GOAL := help
.PHONY: help run check test bench quality golden audit

help: ## Show the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  \1\t\2/'

run: ## Start the service on port 8000
	dotnet run --project src/Ingestion -c Release

check: ## Build everything with analyzers; warnings are errors
	dotnet build Ingestion.slnx -c Release
	dotnet format whitespace Ingestion.slnx --verify-no-changes --no-restore

test: ## Run every test
	./test.sh

bench: ## List the benchmarks; run one with `make bench verb=chunking`
	dotnet run --project bench/Ingestion.Benchmarks -c Release -- $(verb)

quality: ## Score every reader against its ground truths and write the table in docs/quality.md
	dotnet run --project bench/Ingestion.Benchmarks -c Release -- quality --into docs/quality.md

golden: ## Write the generated files and expectations anew; look at the difference before you commit it
	dotnet build tests/Ingestion.Tests -c Release -v quiet
	UPDATE_GOLDEN=1 tests/Ingestion.Tests/bin/Release/net10.0/Ingestion.Tests -noColor

audit: ## Ask for known vulnerabilities in the dependencies
	.ci/audit
