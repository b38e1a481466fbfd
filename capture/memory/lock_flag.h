/*
 * lock_flag.h - memory that is locked as it is touched, as smaps shows it
 *
 * VmFlags has "lf" for what mlock2(2) with MLOCK_ONFAULT has locked.  Kernels
 * that have no letters for that flag show "??", as they do for each that they
 * have no letters for.
 */
#ifndef MEMORY_LOCK_FLAG_H
#define MEMORY_LOCK_FLAG_H

/*
 * Writes "lf" where "??" means that, in the text of /proc/PID/smaps: in flags
 * with "lo", if this kernel shows a page so that we lock ourselves.
 */
void lock_flag_name(char *smaps);

#endif
