/* ranks.h - is this process one of several that a launcher started for one job? */
#ifndef CLI_RANKS_H
#define CLI_RANKS_H
#include "eidetic/bank.h"

/* As Open MPI's mpirun, MPICH's and Intel's mpiexec and Slurm's srun tell it; false: alone.  The
 * name of the job is static storage. */
bool cli_ranks(eid_bank_ranks *ranks);
#endif
