# Included by the Makefile in each model's directory: there plain `make`, `make check`, `make run` and `make trace` mean
# that model, by the rules of the Makefile above it.
MODEL := $(notdir $(CURDIR))

.PHONY: all check run trace
all:
	@$(MAKE) --no-print-directory -C .. $(MODEL)
check run trace:
	@$(MAKE) --no-print-directory -C .. $@-$(MODEL)
