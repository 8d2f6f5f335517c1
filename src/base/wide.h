/* wide.h - 128-bit products, which gcc and clang have and ISO C has not. */
#ifndef EID_SRC_WIDE_H
#define EID_SRC_WIDE_H
__extension__ typedef unsigned __int128 eid_u128;
#endif
