/* special.h - the special functions behind the intervals, accurate in the tails. */
#ifndef EID_SRC_STATS_SPECIAL_H
#define EID_SRC_STATS_SPECIAL_H

#define EID_Z975 1.9599639845400542 /* 97.5% point of N(0, 1) */

/* I_x(a, b), the regularised incomplete beta function = distribution function of Beta(a, b), for
 * a, b > 0; its complement 1 - I_x(a, b) is eid_beta_cdf(b, a, 1 - x). */
double eid_beta_cdf(double a, double b, double x);
/* The x with I_x(a, b) = p; 0 for p <= 0, 1 for p >= 1. */
double eid_beta_quantile(double a, double b, double p);
/* The t with P(|T| <= t) = `inside` for Student's t with `df` > 0 degrees of freedom. */
double eid_student_t_two_sided(double inside, double df);

double eid_normal_log_pdf(double x);
double eid_normal_log_cdf(double x); /* log Phi(x), also where Phi underflows */
double eid_normal_hazard(double x);  /* phi(x) / Phi(x) = d/dx log Phi(x); about -x far left */
/* P(sqrt(n) D > lambda) in the limit of large n: Kolmogorov's distribution. */
double eid_kolmogorov_tail(double lambda);
#endif
