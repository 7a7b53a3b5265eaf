## On a bare Debian 12:
##
##   make packages      install what is missing (YES=1 does not ask); starts and enables no service
##   make servers       private PostgreSQL and RabbitMQ for tests, left running (tools/servers tells more)
##   make system        build, then the tests on real servers alone (T=pattern picks some)
##   make faults        the story of the demo while calls fail inside the programs (FAULTS=names, SEED=, ORDERS=, MINUTES=)
##   make bench         orders/s with null connectors on durable servers (docs/performance.md)
##   make bench-idle    what a fleet uses that has nothing to do, and what waits in its queues
##   make bare          make test and make demo in a fresh Debian root file system (root only)
.PHONY: packages servers remove-servers test system demo bare bench bench-idle bench-programs faults test-programs

SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$$(nproc))

packages:
	$(Q)tools/install-packages build run test

servers: packages
	$(Q)tools/servers start test && tools/servers env test

clean: remove-servers
remove-servers:
	$(Q)for place in build/servers/*; do \
	  [ ! -e "$$place/lock" ] || tools/servers remove "$${place##*/}" || exit 1; done

# What tests have the loader put before the C library.
PRELOADS := $(patsubst tests/preload/%.c,$(B)/preload/%.so,$(wildcard tests/preload/*.c))
$(PRELOADS): $(B)/preload/%.so: tests/preload/%.c $(B)/flags
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -fPIC -shared -o $@ $<

test-programs: $(UNITS) $(PRELOADS)
	@:

test: packages
	@echo 'Building, also with sanitizers ...'
	$(Q)$(SUBMAKE) all test-programs
	$(Q)$(SUBMAKE) SAN=address,undefined B=build/asan test-programs
	$(Q)T='$(T)' tests/run build/plain build/asan

system: packages
	@echo 'Building ...'
	$(Q)$(SUBMAKE) all $(PRELOADS)
	$(Q)T='$(T)' tests/run

demo: packages
	@echo 'Building ...'
	$(Q)$(SUBMAKE) all
	$(Q)tests/demo/run

faults: packages
	$(Q)$(SUBMAKE) all $(PRELOADS)
	$(Q)tests/faults/run $(FAULTS)

# BENCH: words for tests/bench/run.js, for instance BENCH='N=20000 R=5 two'
bench: packages
	$(Q)$(SUBMAKE) all bench-programs
	$(Q)node tests/bench/run.js $(BENCH)

bench-idle: packages
	$(Q)$(SUBMAKE) all bench-programs
	$(Q)node tests/bench/idle.js

bench-programs: $(BENCHES)
	@:

bare:
	$(Q)tests/bare/run
