## Waybill: order management for merchants who ship from more than one place
##
##   make demo          install what is missing, start everything, send some hundred orders through
##   make test          the same set-up, then every test; last line: N passed, N failed
##   make               build into build/plain
##   make unit          unit tests (T=pattern picks some)
##   make check         format, warnings under gcc and clang, headers, arrows between folders
##   make format        rewrite the sources as .clang-format says
##   make clean         remove build/
##
##   CC=clang  SAN=address,undefined     build into folders of their own
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
-include config.mk

CC = gcc
SAN ?=
V ?=
Q = $(if $(V),,@)
VARIANT = $(if $(SAN),$(subst $(comma),-,$(SAN))$(if $(filter clang%,$(CC)),-clang),$(if $(filter clang%,$(CC)),clang,plain))
comma = ,
B ?= build/$(VARIANT)

WARN = -Wall -Wextra -Wformat=2 -Wshadow -Wconversion -Wsign-conversion -Wpointer-arith -Wcast-qual \
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings -Wvla -Wundef \
  -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference \
  $(if $(filter clang%,$(CC)),,-Wno-format-truncation) -Werror
HARDEN = -fstack-protector-strong -fPIE -fno-common -fno-strict-aliasing \
  $(if $(SAN),,-D_FORTIFY_SOURCE=2) $(if $(filter clang%,$(CC)),,-fstack-clash-protection)
CPPFLAGS = -I. -I$(B) -isystem /usr/include/postgresql -D_GNU_SOURCE -include core/runtime/banned.h
CFLAGS = -std=gnu17 -O2 -g $(WARN) $(HARDEN) $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed $(if $(SAN),-fsanitize=$(SAN))
LDLIBS = -lev -lpq -lrabbitmq -lcurl -ljansson -lmicrohttpd -lsodium -lcrypto -lssl -lsystemd -linih -lm

# What programs consist of; a new file is found by itself.
LIB_SRC := $(wildcard core/runtime/*.c core/domain/*.c connectors/*.c connectors/*/*.c)
WORKER_SRC := $(wildcard workers/*.c)
GATEWAY_SRC := $(wildcard gateway/*.c)
CLOCK_SRC := $(wildcard clock/*.c)
CLI_SRC := $(wildcard cli/*.c)
UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT_LIB_SRC := $(filter-out $(UNIT_SRC),$(wildcard tests/unit/*.c))
BENCH_SRC := $(wildcard tests/bench/*.c)
SQL := $(sort $(wildcard core/sql/*.sql))
MIGRATIONS := $(sort $(wildcard core/migrations/*.sql))
GRAPHQL := $(sort $(wildcard connectors/*/graphql/*.graphql))
TEMPLATES := $(sort $(wildcard core/domain/templates/*))
GEN := sql migration graphql template

objs = $(patsubst %.c,$(B)/%.o,$(1))
LIB := $(B)/libwaybill.a
GEN_OBJ := $(GEN:%=$(B)/gen/%.o)
BINS := $(foreach p,worker:WORKER gateway:GATEWAY clock:CLOCK,$(if $($(word 2,$(subst :, ,$p))_SRC),$(B)/bin/waybill-$(word 1,$(subst :, ,$p)))) \
  $(if $(CLI_SRC),$(B)/bin/waybill)
UNITS := $(UNIT_SRC:%.c=$(B)/%)
BENCHES := $(BENCH_SRC:tests/bench/%.c=$(B)/bench/%)

.PHONY: all unit check format clean help FORCE
all: $(BINS) $(LIB)

$(LIB): $(call objs,$(LIB_SRC)) $(GEN_OBJ)
	$(Q)rm -f $@ && ar rcs $@ $^

link = @mkdir -p $(@D); $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(LDLIBS)
$(B)/bin/waybill-worker: $(call objs,$(WORKER_SRC)) $(LIB)
	$(Q)$(link)
$(B)/bin/waybill-gateway: $(call objs,$(GATEWAY_SRC)) $(LIB)
	$(Q)$(link)
$(B)/bin/waybill-clock: $(call objs,$(CLOCK_SRC)) $(LIB)
	$(Q)$(link)
$(B)/bin/waybill: $(call objs,$(CLI_SRC)) $(LIB)
	$(Q)$(link)
$(UNITS): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(call objs,$(UNIT_LIB_SRC)) $(LIB)
	$(Q)mkdir -p $(@D); $(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) -lcmocka $(LDLIBS)

$(BENCHES): $(B)/bench/%: $(B)/tests/bench/%.o $(LIB)
	$(Q)$(link)

$(B)/%.o: %.c $(B)/flags | $(B)/gen/sql.h $(B)/gen/graphql.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
# A longjmp between stacks is what fiber.c is for; the fortified one refuses it.
$(B)/core/runtime/fiber.o: HARDEN += -U_FORTIFY_SOURCE
$(B)/gen/%.o: $(B)/gen/%.c $(B)/flags | $(B)/gen/sql.h $(B)/gen/graphql.h
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -Wno-overlength-strings -MMD -MP -c -o $@ $<

# SQL, GraphQL, migrations and mail templates live in files of their own and become string tables.
# In the C locale: letters have the same capitals everywhere.
embed = @mkdir -p $(@D); LC_ALL=C awk -v kind=$(1) -v out=$(2) -f tools/embed.awk $(3) > $@.new && mv $@.new $@
$(B)/gen/sql.h: tools/embed.awk $(SQL) $(B)/texts
	$(Q)$(call embed,sql,h,$(SQL) /dev/null)
$(B)/gen/sql.c: tools/embed.awk $(SQL) $(B)/texts
	$(Q)$(call embed,sql,c,$(SQL) /dev/null)
$(B)/gen/graphql.h: tools/embed.awk $(GRAPHQL) $(B)/texts
	$(Q)$(call embed,graphql,h,$(GRAPHQL) /dev/null)
$(B)/gen/graphql.c: tools/embed.awk $(GRAPHQL) $(B)/texts
	$(Q)$(call embed,graphql,c,$(GRAPHQL) /dev/null)
$(B)/gen/migration.c: tools/embed.awk $(MIGRATIONS) $(B)/texts
	$(Q)$(call embed,migration,c,$(MIGRATIONS) /dev/null)
$(B)/gen/template.c: tools/embed.awk $(TEMPLATES) $(B)/texts
	$(Q)$(call embed,template,c,$(TEMPLATES) /dev/null)

# Rewritten only when their content changes: new flags rebuild everything, an added or removed
# text file rebuilds the tables.
define stamp
$(B)/$(1): FORCE
	@mkdir -p $(B); echo '$(2)' | cmp -s - $$@ || echo '$(2)' > $$@
endef
$(eval $(call stamp,flags,$(CC) $(CPPFLAGS) $(CFLAGS)))
$(eval $(call stamp,texts,$(SQL) $(GRAPHQL) $(MIGRATIONS) $(TEMPLATES)))

unit: $(UNITS)
	$(Q)tried=0 failed=0; for t in $(UNITS); do case $$t in *$(T)*) tried=$$((tried + 1)); \
	  CMOCKA_MESSAGE_OUTPUT=STDOUT timeout 120 $$t > $$t.log 2>&1 || { cat $$t.log; failed=$$((failed + 1)); };; esac; done; \
	  echo "$$tried unit programs, $$failed failed"; [ $$tried -gt 0 ] && [ $$failed = 0 ]

check:
	$(Q)tools/check

format:
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	$(Q)rm -rf build

help:
	@sed -n 's/^## \{0,1\}//p' $(MAKEFILE_LIST)

-include tools/host.mk tools/install.mk
-include $(shell find $(B) -name '*.d' 2>/dev/null)
