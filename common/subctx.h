/*
 * subctx.h - the point at which a service is ready to be captured
 *
 *	int main(void)
 *	{
 *		warm_up();
 *		if (subctx_ready())
 *			reseed();       (only after a restore)
 *		serve();
 *	}
 *
 * The marker is a single nop and an ELF note that says where it is: a USDT
 * probe, subctx:ready, in the form that SystemTap's sys/sdt.h has established.
 * It costs nothing when nobody captures, needs no library and no symbols.
 *
 * A service may be a shared library, too, which has no main() and is not PIE:
 *
 *	int subctx_warm_up(int argc, char *argv[])
 *	{
 *		return load(argv[1]) ? 0 : 1;
 *	}
 *
 *	int subctx_serve(int argc, char *argv[])
 *	{
 *		return serve();
 *	}
 *
 * subctx-launch(1) loads it, and is ready in between.
 */
#ifndef SUBCTX_H
#define SUBCTX_H

#ifndef __x86_64__
#error "subctx knows x86-64 only"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What subctx-restore was given behind "--"; argv ends with a null pointer. */
struct subctx_arguments {
	long argc;
	char **argv;
};

/*
 * Says that the service is ready.  Returns 0 in the process that is captured,
 * and when nobody captures; returns 1 in each process that is restored from
 * the core.  *arguments is then what the restorer was given, or a null
 * pointer; it may be kept.
 */
static __attribute__((noinline, unused)) int
subctx_ready_arguments(struct subctx_arguments **arguments)
{
	int is_restored = 0;
	struct subctx_arguments *given = 0;

	__asm__ volatile("990: nop\n"
			 ".pushsection .note.stapsdt, \"\", \"note\"\n"
			 ".balign 4\n"
			 ".4byte 992f-991f, 994f-993f, 3\n"
			 "991: .asciz \"stapsdt\"\n"
			 "992: .balign 4\n"
			 "993: .8byte 990b\n"
			 ".8byte _.stapsdt.base\n"
			 ".8byte 0\n"
			 ".asciz \"subctx\"\n"
			 ".asciz \"ready\"\n"
			 ".asciz \"\"\n"
			 "994: .balign 4\n"
			 ".popsection\n"
			 ".ifndef _.stapsdt.base\n"
			 ".pushsection .stapsdt.base, \"aG\", \"progbits\", "
			 ".stapsdt.base, comdat\n"
			 ".weak _.stapsdt.base\n"
			 ".hidden _.stapsdt.base\n"
			 "_.stapsdt.base: .space 1\n"
			 ".size _.stapsdt.base, 1\n"
			 ".popsection\n"
			 ".endif\n"
			 : "+a"(is_restored), "+d"(given)
			 :
			 : "memory");
	if (arguments)
		*arguments = given;
	return is_restored;
}

static inline int subctx_ready(void)
{
	return subctx_ready_arguments((struct subctx_arguments **)0);
}

/*
 * What a service library defines: one of these, or both.  argv[0] is the
 * library, as it was named, and argv ends with a null pointer.
 *
 * subctx_warm_up() comes before the capture: what it makes is in the core.  Any
 * other value than 0 ends the service, and there is no core.
 *
 * subctx_serve() comes after it: in each restore, in a service that lives on,
 * and when nobody captures.  Its value is the exit status.  The arguments that
 * subctx-restore was given behind "--", if any, take the place of those before.
 */
__attribute__((visibility("default"))) int subctx_warm_up(int argc,
							  char *argv[]);
__attribute__((visibility("default"))) int subctx_serve(int argc, char *argv[]);

#ifdef __cplusplus
}
#endif

#endif
