# io-models. `make help` lists what there is to run. One server, by hand and without make:
#
#     cc -Icommon 05-select/server.c common/*.c -o server && ./server
#
# A directory NN-name/ with server.c and client.c is a model. It is found by looking: a new one, 99-mine/, joins in
# everywhere without a line changed here. What a system must have for it, it says in its file `needs`; where that is
# missing, the model is left out, and the reason is said.
#
# Each step prints one short line; with V=1, its commands.

CFLAGS   ?= -O2 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(if $(WERROR),-Werror)
STANDARD := -std=c11 -D_POSIX_C_SOURCE=200809L $(if $(filter Darwin,$(shell uname -s)),-D_DARWIN_C_SOURCE)

# SANITIZE=address,undefined, SANITIZE=thread and COVERAGE=1 build everything once more, in a folder of its own.
comma    := ,
BUILD    ?= build$(if $(SANITIZE),/sanitize-$(subst $(comma),-,$(SANITIZE)))$(if $(COVERAGE),/coverage)
INSTRUMENT := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
              $(if $(COVERAGE),--coverage)

# --- What is there ----------------------------------------------------------------------------------------------------

has_client = $(wildcard $(dir $1)client.c)
FOUND      := $(sort $(foreach server,$(wildcard [0-9][0-9]-*/server.c),\
                  $(if $(call has_client,$(server)),$(server:/server.c=))))

# Words that `needs` may have: a function that $(CC) must be able to link, and its header. A program that was linked is kept.
threads  := pthread_create pthread.h
linux    := epoll_create1 sys/epoll.h
ucontext := makecontext ucontext.h
WORDS    := threads linux ucontext

link = mkdir -p $(BUILD)/needs; echo 'void *found; int main(void) { found = (void *)$1; }' | \
           $(CC) $(STANDARD) -D_XOPEN_SOURCE=700 $(CPPFLAGS) -include $2 -pthread -x c -o $(BUILD)/needs/$1 - 2>/dev/null
links = $(or $(wildcard $(BUILD)/needs/$1),$(shell $(call link,$1,$2) && echo yes))

# `permission`: the system may forbid what the model is made of. Its server is asked, see tests/systems/permitted.sh.
# Every other word is the name of a pkg-config package.
PKG_CONFIG ?= pkg-config
pkg         = $(if $(strip $2),$(shell $(PKG_CONFIG) $1 $2 2>/dev/null))
absent      = $(foreach package,$1,$(if $(shell $(PKG_CONFIG) --exists $(package) 2>/dev/null && echo yes),,$(package)))
needs       = $(needs-$1)
$(foreach model,$(FOUND),$(if $(wildcard $(model)/needs),$(eval needs-$(model) := $(shell cat $(model)/needs))))
that_need   = $(foreach model,$2,$(if $(filter $1,$(call needs,$(model))),$(model)))
packages    = $(filter-out $(WORDS) permission,$1)
flags       = $(if $(filter threads,$1),-pthread) $(call pkg,$2,$(call packages,$1))

NEEDED      := $(sort $(foreach model,$(FOUND),$(call needs,$(model))))
NO_WORDS    := $(foreach word,$(filter $(WORDS),$(NEEDED)),\
                 $(if $(call links,$(firstword $($(word))),$(lastword $($(word)))),,$(word)))
NO_PACKAGES := $(strip $(call absent,$(call packages,$(NEEDED))))

# Why a model is left out, or nothing. OTHER_SYSTEM: what it is built for, if not this one. Where there is one thread
# there is no race; but coroutines are as good as threads to ThreadSanitizer.
missing    = $(firstword $(filter $(NO_WORDS) $(NO_PACKAGES),$(call needs,$1)))
named      = $(if $(filter $(WORDS),$1),$(firstword $($1))(),$1)
raceless   = $(and $(filter thread,$(SANITIZE)),$(if $(filter threads ucontext,$(call needs,$1)),,yes))
why        = $(or $(if $(call missing,$1),$(call named,$(call missing,$1)) is missing$(OTHER_SYSTEM:%= for %)),\
                 $(if $(call raceless,$1),it has no threads))

LEFT_OUT  := $(foreach model,$(FOUND),$(if $(call why,$(model)),$(model)))
BUILT     := $(filter-out $(LEFT_OUT),$(FOUND))
# The demo shows 02-fcntl-nonblock:-i10, too, a model with an option; and all, instead of those that a script names.
TO_SHOW   := $(if $(filter command,$(origin MODELS)),$(MODELS))
ASKED_FOR := $(sort $(foreach model,$(filter-out all,$(TO_SHOW)),$(firstword $(subst :, ,$(model)))))
UNKNOWN   := $(filter-out $(FOUND),$(ASKED_FOR))
$(if $(UNKNOWN),$(error There is no model $(UNKNOWN). There are: $(FOUND)))
override MODELS := $(filter $(or $(ASKED_FOR),$(FOUND)),$(BUILT))
LIBRARIES := libuv cmocka jansson
NO_TESTS  := $(strip $(call absent,$(LIBRARIES)))

# A program is one .c file and what it shares with others: the player, which demo/ uses, too, and the unit tests' fixtures.
objects   = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $1))
PROGRAMS := $(BUILD)/tests/player/check $(BUILD)/tests/player/play $(BUILD)/tests/faults/faults \
            $(BUILD)/tests/soak/soak $(BUILD)/tests/soak/faulty $(BUILD)/demo/demo $(BUILD)/bench/bench
EXAMPLES := $(BUILD)/demo/tests/browser/write_examples
UNITS    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c demo/tests/test_*.c bench/tests/test_*.c))
parts     = $(filter-out $(PROGRAMS:=.o) $(EXAMPLES:=.o) $(UNITS:=.o),$(call objects,$1))
COMMON   := $(call parts,common/*.c)
PLAYER   := $(call parts,tests/player/*.c)
FIXTURES := $(call parts,tests/unit/*.c)
DEMO     := $(call parts,demo/*.c demo/record/*.c demo/terminal/*.c demo/page/*.c)
BENCH    := $(call parts,bench/*.c bench/trial/*.c bench/load/*.c bench/report/*.c)
FAULTS   := $(call parts,tests/faults/*.c)
SOAK     := $(call parts,tests/soak/*.c)
PAGES    := $(call parts,demo/tests/browser/*.c)

# --- Building ---------------------------------------------------------------------------------------------------------

.PHONY: all
all: $(MODELS) $(BUILD)/left-out $(if $(NO_TESTS),,$(PROGRAMS) $(UNITS) $(EXAMPLES)) ## builds all models and the tests
	@sed 's/ / is left out: /' $(BUILD)/left-out
	@$(if $(OTHER_SYSTEM),,$(if $(NO_PACKAGES),echo './setup.sh installs the libraries that it knows.'))
	@$(if $(NO_TESTS),echo 'The tests are left out: $(NO_TESTS) missing. ./setup.sh installs that.',:)

QUIET    = $(if $(V),,@)
say      = $(if $(V),,@printf '%-5s %s\n' $1 $(@:$(BUILD)/%=%))
COMPILE  = $(CC) $(STANDARD) $(CPPFLAGS) $(CFLAGS) $(INSTRUMENT) $(WARNINGS) -Icommon -MMD -MP -c -o $@ $<
LINK     = $(CC) $(CFLAGS) $(INSTRUMENT) $(LDFLAGS) -o $@ $^

$(COMMON): $(BUILD)/%.o: %.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(QUIET)$(COMPILE)

# What else a model's directory holds is part of both of its programs.
other_parts = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/server.c %/client.c,$(wildcard $1/*.c)))

# With a SCRIPT it is played to the server that is traced. STRACE adds options: STRACE='-e epoll_ctl'.
TRACED = strace -f -tt$(if $(STRACE), $(STRACE))
trace  = $(or $(TRACE),$(BUILD)/$1/trace)
define play_traced
@$(BUILD)/tests/player/play --script $(SCRIPT) --server "$(TRACED) -o $(call trace,$1) $(BUILD)/$1/server -p {port} $$ARGS" || test $$? -eq 1
@echo 'The server'\''s calls are in $(call trace,$1). Its first client is none of the script: it only asks whether the server is ready.'
endef

define model_rules
.PHONY: $1 check-$1 run-$1 trace-$1
$1: $(BUILD)/$1/server $(BUILD)/$1/client

$(BUILD)/$1/%.o: $1/%.c
	$$(call say,CC)
	@mkdir -p $$(@D)
	$$(QUIET)$$(COMPILE) $(call flags,$(call needs,$1),--cflags)

$(BUILD)/$1/server $(BUILD)/$1/client: %: %.o $(call other_parts,$1) $(COMMON)
	$$(call say,LINK)
	$$(QUIET)$$(LINK) $(call flags,$(call needs,$1),--libs)

check-$1: $1 $(PROGRAMS) $(BUILD)/left-out
	$(BUILD)/tests/player/check --build $(BUILD) --model $1 $$(CHECK_ARGS)

run-$1: $(BUILD)/$1/server
	$(BUILD)/$1/server $$(ARGS)

trace-$1: $(BUILD)/$1/server $(if $(SCRIPT),$(PROGRAMS))
	@command -v strace >/dev/null || { echo 'strace is missing. ./setup.sh trace installs it.' >&2; exit 1; }
	$(if $(SCRIPT),$$(call play_traced,$1),$$(TRACED) $(BUILD)/$1/server $$(ARGS))
endef
$(foreach model,$(BUILT),$(eval $(call model_rules,$(model))))

define left_out_rules
.PHONY: $1 check-$1 run-$1 trace-$1
$1 check-$1 run-$1 trace-$1:
	@echo '$1 is left out: $(call why,$1)' >&2; exit 1
endef
$(foreach model,$(LEFT_OUT),$(eval $(call left_out_rules,$(model))))

# What looks like a model and is none yet.
lacks       = $(filter-out $(notdir $(wildcard $1*.c)),server.c client.c)
INCOMPLETE := $(foreach folder,$(wildcard [0-9][0-9]-*/),$(if $(call lacks,$(folder)),$(folder:/=)))

define incomplete_rules
.PHONY: $1 check-$1 run-$1 trace-$1
$1 check-$1 run-$1 trace-$1:
	@echo $1 lacks $(subst .c c,.c and c,$(call lacks,$1/)): a model is a server and its client >&2; exit 1
endef
$(foreach folder,$(INCOMPLETE),$(eval $(call incomplete_rules,$(folder))))

# A line for each model that is left out, "NAME REASON", for all that would play it. It is written every time, because
# what a system permits can change.
FORBIDDABLE := $(call that_need,permission,$(BUILT))
.PHONY: write-left-out
$(BUILD)/left-out: write-left-out $(FORBIDDABLE:%=$(BUILD)/%/server)
	@mkdir -p $(@D)
	@{ :; $(foreach model,$(LEFT_OUT),echo '$(model) $(call why,$(model))';) \
	   $(foreach model,$(FORBIDDABLE),tests/systems/permitted.sh $(model) $(BUILD)/$(model)/server;) } >$@

# What plays, shows or tests needs all of the libraries; without them only the models are built.
.PHONY: libraries
libraries:
	@$(if $(NO_TESTS),echo 'This needs $(NO_TESTS). ./setup.sh installs that.' >&2; exit 1)

FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
TESTS := $(PLAYER) $(FIXTURES) $(FAULTS) $(SOAK) $(DEMO) $(PAGES) $(BENCH) $(PROGRAMS:=.o) $(UNITS:=.o) $(EXAMPLES:=.o) \
         $(FUZZERS:=.o)
$(TESTS): $(BUILD)/%.o: %.c | libraries
	$(call say,CC)
	@mkdir -p $(@D)
	$(QUIET)$(COMPILE) -Itests -Idemo -Ibench $(call pkg,--cflags,$(LIBRARIES))

$(filter $(BUILD)/demo/%,$(PROGRAMS) $(UNITS) $(EXAMPLES)): $(DEMO)
$(filter $(BUILD)/demo/tests/%,$(UNITS) $(EXAMPLES)): $(PAGES)
$(filter $(BUILD)/bench/%,$(PROGRAMS) $(UNITS)): $(BENCH)
$(BUILD)/tests/faults/faults: $(FAULTS)
$(UNITS): $(FIXTURES)
$(BUILD)/tests/soak/soak: $(SOAK)
$(PROGRAMS) $(UNITS) $(EXAMPLES) $(FUZZERS): %: %.o $(PLAYER) $(COMMON)
	$(call say,LINK)
	$(QUIET)$(LINK) $(if $(filter $@,$(FUZZERS)),-fsanitize=fuzzer) $(call pkg,--libs,$(LIBRARIES)) -pthread -lm

-include $(patsubst %.o,%.d,$(COMMON) $(TESTS))
-include $(foreach model,$(BUILT),$(wildcard $(BUILD)/$(model)/*.d))

# For another system, whose libraries are not here: what needs none is linked, all the rest compiled.
PLAIN := $(foreach model,$(MODELS),$(if $(call packages,$(call needs,$(model))),,$(model)))
.PHONY: cross
cross: $(PLAIN) $(call objects,$(MODELS:=/*.c)) $(if $(NO_TESTS),,$(TESTS))
	@$(foreach model,$(LEFT_OUT),echo '$(model) is left out: $(call why,$(model))';)

# --- Running ----------------------------------------------------------------------------------------------------------

# As a shell takes them: no $ in them is make's.
override SERVER := $(value SERVER)
override ARGS   := $(value ARGS)
export SERVER ARGS
PLAY_ARGS  = $(if $(ARGS),--args "$$ARGS")
CHECK_ARGS = $(if $(SCRIPT),--script $(SCRIPT)) $(PLAY_ARGS)

.PHONY: check
check: libraries all ## plays every script against every model; with SERVER='python3 mine.py {port}' against that server
ifdef SERVER
	@$(BUILD)/tests/player/check --server "$$SERVER" $(if $(EXPECTED),--expected $(EXPECTED)) $(CHECK_ARGS)
else
	@$(if $(SCRIPT),,printf '%s\n' $(UNITS) | BUILD=$(BUILD) xargs -P 4 -n 1 tests/unit/quietly.sh)
	@$(BUILD)/tests/player/check --build $(BUILD) $(CHECK_ARGS)
endif

.PHONY: check-models
check-models: $(MODELS) $(PROGRAMS) $(BUILD)/left-out ## the same without the unit tests; with SANITIZE=thread, against the models with threads or coroutines
	@$(BUILD)/tests/player/check --build $(BUILD) $(ASKED_FOR:%=--model %) $(CHECK_ARGS)

# A longer conversation than most: partial sends, end of stream, everything freed. An error or a leak makes it exit with 99.
# A ring's server cannot be told to stop there: valgrind 3.19 holds signals back while io_uring_enter() waits.
VALGRIND = valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=all
DEAF     = $(call that_need,liburing,$(MODELS))
.PHONY: check-valgrind
check-valgrind: libraries all ## plays one script against every model under valgrind
	@$(foreach model,$(DEAF),echo '$(model) is left out: valgrind holds back the signal to stop';)
	@set -e; for model in $(filter-out $(DEAF),$(MODELS)); do \
	    ! grep "^$$model " $(BUILD)/left-out || continue; echo "--- $$model"; \
	    $(BUILD)/tests/player/check --script half-close --server "$(VALGRIND) $(BUILD)/$$model/server -p {port}"; done

.PHONY: check-musl
check-musl: libraries all ## builds the models that need no library with musl-gcc and plays all scripts against them
	$(MAKE) CC=musl-gcc OTHER_SYSTEM=musl BUILD=build/musl PKG_CONFIG=false all
	$(BUILD)/tests/player/check --build build/musl

.PHONY: check-macos
check-macos: ## compiles everything for macOS, on Linux with a compiler from npm; nothing is run
	@MAKE='$(MAKE)' tests/systems/macos.sh

# 02 with a pause: without one it never rests, with or without a fault. strace may be there and not be permitted to trace.
TO_TRY     = $(or $(TO_SHOW),$(MODELS:02-fcntl-nonblock=02-fcntl-nonblock:-i10))
CAN_INJECT = strace -f -qqq -o /dev/null -e inject=chdir:error=EACCES true 2>/dev/null
.PHONY: check-faults
check-faults: libraries all ## has system calls fail while clients talk, with strace; TIME=long: all of them, with all errors
	@if $(CAN_INJECT); then \
	    $(BUILD)/tests/faults/faults --build $(BUILD) $(TIME_ASKED_FOR) $(TO_TRY:%=--model %) && \
	    $(BUILD)/tests/faults/faults --build $(BUILD) $(TIME_ASKED_FOR) $(TO_TRY:%=--model %) --clients; \
	    else echo 'No faults are tried: strace is missing (./setup.sh trace installs it) or may not trace here.'; fi

MODEL  ?= 01-blocking
SCRIPT_TO_PLAY = $(or $(SCRIPT),hello)
.PHONY: play
play: libraries all ## plays one script and shows every step: make play MODEL=05-select SCRIPT=silent-neighbour, or with SERVER=
	@$(BUILD)/tests/player/play $(if $(SERVER),--server "$$SERVER",--build $(BUILD) --model $(MODEL)) --script $(SCRIPT_TO_PLAY) $(PLAY_ARGS) || \
	    test $$? -eq 1 # 1: it does not pass

# TIME: in seconds, for all servers together. SEED: that of an earlier run, for the same clients.
.PHONY: soak
soak: libraries all ## lets chaotic clients loose on every model, or on a SERVER: make soak TIME=60 MODELS=05-select SEED=1
	@$(BUILD)/tests/soak/soak --build $(BUILD) $(TIME_ASKED_FOR) $(if $(SEED),--seed $(SEED)) $(TO_SHOW:%=--model %) \
	    $(if $(SERVER),--server "$$SERVER" $(if $(EXPECTED),--expected $(EXPECTED)))

# What reads files is given anything at all. Fuzzers are built apart, from objects that tell libFuzzer where they have been.
libfuzzer = echo 'int LLVMFuzzerTestOneInput(void *data, long size) { return data && size > 9; }' | \
                clang -fsanitize=fuzzer,address,undefined -x c -o /dev/null - 2>/dev/null
.PHONY: fuzz run-fuzzers
fuzz: libraries ## feeds the readers of scripts and of `expected` with anything at all, by clang's libFuzzer: make fuzz TIME=60
	@if $(libfuzzer); then $(MAKE) --no-print-directory CC=clang BUILD=build/fuzz SANITIZE=fuzzer-no-link,address,undefined run-fuzzers; \
	    else echo 'Nothing is fuzzed: clang with libFuzzer is missing. ./setup.sh fuzz installs it.'; fi

run-fuzzers: $(FUZZERS)
	@tests/fuzz/fuzz.sh $(BUILD) $(or $(lastword $(TIME_ASKED_FOR)),60)

# --- Mistakes to hunt for, see tests/mistakes/README.md ---------------------------------------------------------------

.PHONY: mistakes mistake hint check-mistakes
# MODEL always has a value, for play; here only one that somebody gave counts.
mistakes: ## lists classic mistakes as bug reports; with MODEL=05-select, only those for that model
	@tests/mistakes/mistakes.sh list '$(if $(filter file,$(origin MODEL)),,$(MODEL))'

mistake: ## copies a model with one of them in it, for you to find: make mistake NAME=held-up-by-one
	@tests/mistakes/mistakes.sh copy '$(NAME)'

hint: ## the next of four hints for such a copy: make hint NAME=held-up-by-one, or make hint in its folder
	@tests/mistakes/mistakes.sh hint '$(NAME)'

check-mistakes: libraries all ## checks that every mistake is caught by the scripts it names, and by no others
	@MAKE='$(MAKE)' tests/mistakes/mistakes.sh check

# --- Grading a class, see grading/README.md ---------------------------------------------------------------------------

GRADE_ARGS = $(if $(MARKS),--marks $(MARKS)) $(if $(OUT),--out $(OUT))
.PHONY: grade grades-merge check-grade
grade: libraries all ## grades a folder of submissions, each in a sandbox: make grade SUBMISSIONS=class, see grading/README.md
	@$(if $(SUBMISSIONS),,echo 'Whom? make grade SUBMISSIONS=DIR' >&2; exit 2;) python3 grading/grade.py '$(SUBMISSIONS)' $(GRADE_ARGS) $(if $(EXPECTED),--expected $(EXPECTED)) \
	    $(if $(JOBS),--jobs $(JOBS)) $(if $(LIMIT),--limit $(LIMIT)) $(if $(ONLY),--only '$(ONLY)') $(if $(SHARD),--shard $(SHARD))

grades-merge: ## merges what several runners graded: make grades-merge GRADES='grades-1 grades-2' OUT=grades
	@python3 grading/grade.py --merge $(GRADES) $(GRADE_ARGS)

check-grade: libraries all ## grades right, wrong and hostile submissions: is each marked as it should be, and does none escape?
	@python3 grading/tests/test_grade.py

# --- The demo and the tutorial ----------------------------------------------------------------------------------------

# A leak cannot be looked for in a process that strace watches.
WITHOUT_STRACE = $(if $(SANITIZE),--without-strace)
.PHONY: demo
demo: libraries all ## plays one script against models side by side: make demo SCRIPT=crowd MODELS='01-blocking 05-select', or MODELS=all
	@$(BUILD)/demo/demo --build $(BUILD) $(if $(SCRIPT),--script $(SCRIPT)) $(if $(filter all,$(TO_SHOW)),--all) \
	    $(patsubst %,--model %,$(filter-out all,$(TO_SHOW))) $(WITHOUT_STRACE)

# TIME=long or TIME=short: more or less than the usual three minutes. A SERVER takes part beside the models, perhaps
# with a name: SERVER='mine: python3 mine.py {port}'; several stand in a line each.
TIME_ASKED_FOR = $(if $(filter command,$(origin TIME)),--time $(TIME))
.PHONY: bench check-bench
bench: libraries all ## measures what each model costs, and writes build/bench.html: make bench TIME=long MODELS=05-select SERVER='mine: python3 mine.py {port}'
	@$(BUILD)/bench/bench --build $(BUILD) $(TIME_ASKED_FOR) $(TO_SHOW:%=--model %) $(if $(SERVER),--server "$$SERVER")

check-bench: libraries all ## checks a short run of the bench, also where servers are wrong and tools are missing
	@BUILD=$(BUILD) bench/tests/test_bench.sh

# The first python3 in PATH that has Selenium: a distribution's package belongs to the distribution's own.
SELENIUM_PYTHON = $(firstword $(foreach folder,$(subst :, ,$(PATH)),$(shell \
                      $(folder)/python3 -c 'import selenium' 2>/dev/null && echo $(folder)/python3)))
.PHONY: check-page
check-page: libraries all ## checks the demo's page in a headless Chromium, if there is one
	@mkdir -p $(BUILD)/demo/pages
	@$(EXAMPLES) demo/page $(BUILD)/demo/pages
	@$(if $(SELENIUM_PYTHON),\
	    $(SELENIUM_PYTHON) demo/tests/browser/test_page.py $(BUILD)/demo/pages $(wildcard $(BUILD)/demo.html),\
	    echo 'The page is not tested: no python3 here has Selenium. ./setup.sh page installs it.')

.PHONY: check-tutorial tutorial-update tutorial-figures
check-tutorial: ## compares TUTORIAL.md with the project: excerpts, what commands print, links, names, figures
	@command -v python3 >/dev/null || { echo 'python3 is missing. ./setup.sh tutorial trace installs it.' >&2; exit 1; }
	@python3 tutorial/check.py
tutorial-update: ## brings excerpts and outputs in TUTORIAL.md up to date
	@python3 tutorial/check.py --update
tutorial-figures: ## measures the costs in TUTORIAL.md, on a quiet machine, and writes tutorial/figures/
	@tutorial/figures.sh

# --- Keeping order ----------------------------------------------------------------------------------------------------

C_FILES = $(wildcard [0-9][0-9]-*/*.[ch] common/*.[ch] tests/*/*.[ch] demo/*.[ch] demo/*/*.[ch] demo/tests/browser/*.[ch] bench/*.[ch] bench/*/*.[ch] tutorial/*/*.c)
LINT    = $(STANDARD) -Icommon -Itests -Idemo -Ibench $(call pkg,--cflags,$(LIBRARIES))
.PHONY: lint
lint: ## checks layout (clang-format), mistakes (clang-tidy, cppcheck), scripts (shellcheck), Python (pyflakes)
	clang-format --dry-run -Werror $(C_FILES)
	printf '%s\n' $(filter %.c,$(C_FILES)) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- $(LINT)
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,style,performance,portability --inline-suppr \
	    --suppress=missingIncludeSystem --suppress=constParameter -Icommon -Itests -Idemo -Ibench $(filter %.c,$(C_FILES))
	shellcheck setup.sh .ci/run $(wildcard tests/*/*.sh bench/tests/*.sh tutorial/*.sh tutorial/*/*.sh grading/ci/gradescope/*)
	pyflakes3 $(wildcard tutorial/*.py tutorial/*/*.py demo/tests/browser/*.py grading/*.py grading/tests/*.py)

.PHONY: format
format: ## formats all C files with clang-format
	clang-format -i $(C_FILES)

.PHONY: coverage
coverage: ## shows which lines the checks reach
	$(MAKE) COVERAGE=1 check
	gcovr --root . --object-directory build/coverage --exclude tests/ --exclude demo/ --print-summary

.PHONY: clean
clean: ## removes everything that was built except build/mistakes, your work
	rm -rf $(filter-out build/mistakes,$(wildcard build/*))

.PHONY: help
help: ## prints this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F@ '{ printf "%-24s %s\n", $$1, $$2 }'
	@echo '  make MODEL             builds one model; check-MODEL, run-MODEL (ARGS=-v) and trace-MODEL (SCRIPT=hello) check, run and trace it'
	@echo 'MODEL is one of: $(FOUND)'
