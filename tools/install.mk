##   make install       programs, units and man pages, as root (PREFIX=/usr/local, DESTDIR=)
PREFIX ?= /usr/local
DESTDIR ?=
UNIT_DIR = $(DESTDIR)$(PREFIX)/lib/systemd/system
MAN_DIR = $(DESTDIR)$(PREFIX)/share/man
unit = sed 's|/usr/bin/|$(PREFIX)/bin/|' systemd/$(1) >$(UNIT_DIR)/$(2) && chmod 644 $(UNIT_DIR)/$(2)

.PHONY: install
install: all
	$(Q)install -d $(DESTDIR)$(PREFIX)/bin $(UNIT_DIR)/waybill-.service.d $(DESTDIR)$(PREFIX)/lib/sysusers.d \
	  $(MAN_DIR)/man1 $(MAN_DIR)/man8
	$(Q)install $(BINS) $(DESTDIR)$(PREFIX)/bin
	$(Q)for role in $$($(B)/bin/waybill-worker --help | sed -n 's/^roles: //p'); do \
	  $(call unit,waybill-role@.service,waybill-$$role@.service) || exit 1; done
	$(Q)for unit in waybill.target waybill-gateway.service waybill-clock@.service; do \
	  $(call unit,$$unit,$$unit) || exit 1; done
	$(Q)install -m 644 systemd/10-common.conf $(UNIT_DIR)/waybill-.service.d/
	$(Q)install -m 644 systemd/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/waybill.conf
	$(Q)install -m 644 docs/man/*.1 $(MAN_DIR)/man1/ && install -m 644 docs/man/*.8 $(MAN_DIR)/man8/
