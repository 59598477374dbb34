# Included by the Makefile of every copy in build/mistakes/: the targets there mean that copy, by the rules of the
# Makefile above it. COPY is its path, as seen from there.
THERE := $(MAKE) --no-print-directory -C ../../.. FOUND=$(COPY)

.PHONY: all check play run trace
all:
	@$(THERE) $(COPY)
check:
	@$(THERE) check-$(COPY) || { echo 'One of them step by step: make play SCRIPT=hello, or another name.'; exit 1; }
play:
	@$(THERE) play MODEL=$(COPY)
run trace:
	@$(THERE) $@-$(COPY)
