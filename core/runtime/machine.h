/* machine - which running system this is */
#ifndef WAYBILL_MACHINE_H
#define WAYBILL_MACHINE_H

enum { MACHINE_MARK_BYTES = 17 };

/*
 * machine_mark - 16 hexadecimal digits, the same for all processes of this machine until it boots again
 *
 * Another host has another one, also if it was cloned and bears the same name, and so has another container. (It is
 * a hash of machine, boot and namespace of processes: neither is to be told.) Where the kernel does not say which
 * boot this is, it is another one each time.
 */
void machine_mark(char out[MACHINE_MARK_BYTES]);

#endif
