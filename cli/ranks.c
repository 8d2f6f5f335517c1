/* ranks.c - reads a launcher's environment: all that is needed of MPI is who one is. */
#include "ranks.h"
#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *rank, *size, *job[3]; /* job: the first that is set; then a second that is added */
} launchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", {"PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid"}},
    {"PMI_RANK", "PMI_SIZE", {"HYDRA_JOBID", "SLURM_JOB_ID", "PBS_JOBID"}},
    /* SLURM_NTASKS is set outside of steps, too, where there is one process */
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", {"SLURM_JOB_ID"}},
};

static bool number(const char *name, int64_t *out)
{
    const char *text = getenv(name);
    char *end;

    if (!text || !*text)
        return false;
    *out = strtoll(text, &end, 10);
    return !*end;
}

static bool fine(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What does not belong into a file's name becomes "_". */
static const char *job_of(const char *const name[3])
{
    static char job[100];
    const char *step = getenv("SLURM_STEP_ID"), *text = NULL;

    for (int i = 0; i < 3 && !text; i++)
        text = name[i] ? getenv(name[i]) : NULL;
    snprintf(job, sizeof job, "%s_%s", text ? text : "job", step ? step : "0");
    for (char *c = job; *c; c++)
        *c = fine(*c) ? *c : '_';
    return job;
}

bool cli_ranks(eid_bank_ranks *ranks)
{
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        if (!number(launchers[i].rank, &ranks->rank) || !number(launchers[i].size, &ranks->size) ||
            ranks->size < 2)
            continue;
        ranks->job = job_of(launchers[i].job);
        return true;
    }
    return false;
}
