# Included by the Makefile of every copy in build/mistakes/: the targets there mean that copy, by the rules of the
# Makefile above it. COPY is its path, as seen from there.
THERE := $(MAKE) --no-print-directory -C ../../.. FOUND=$(COPY)

.PHONY: all check play run trace hint
all:
	@$(THERE) $(COPY)
check:
	@$(THERE) check-$(COPY) || { echo 'One of them step by step: make play SCRIPT=hello, or another name.'; exit 1; }
	@$(if $(SCRIPT)$(ARGS),,../../../tests/mistakes/mistakes.sh found $(notdir $(COPY)))
hint:
	@$(THERE) hint NAME=$(notdir $(COPY))
play:
	@$(THERE) play MODEL=$(COPY)
run trace:
	@$(THERE) $@-$(COPY) TRACE=$(COPY)/trace
