/* The arithmetic of a map's statistics.  */
#include "decode/stats.h"

#include <math.h>

/* Both sums below end long before; a bound all the same.  */
enum { TERMS_MOST = 10000 };

/* P(a, x) by its power series, which converges fast for x below a + 1: Abramowitz and Stegun, 6.5.29.  */
static double lower_series(double a, double x, double scale)
{
	double term = 1 / a, sum = term;

	for (int n = 1; n < TERMS_MOST && term > sum * 1e-17; n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum * scale;
}

/* Q(a, x) by its continued fraction, for the rest: Abramowitz and Stegun, 6.5.31, in its even form, evaluated by Lentz's method
   as Thompson and Barnett changed it.  */
static double upper_fraction(double a, double x, double scale)
{
	const double tiny = 1e-300;
	double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;

	for (int n = 1; n < TERMS_MOST; n++) {
		double an = -n * (n - a), step;
		b += 2;
		d = an * d + b;
		c = b + an / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		step = c * d;
		h *= step;
		if (fabs(step - 1) < 1e-16)
			break;
	}
	return h * scale;
}

double ms_stats_gamma_q(double a, double x)
{
	if (x <= 0)
		return 1;
	double scale = exp(a * log(x) - x - lgamma(a));
	double q = x < a + 1 ? 1 - lower_series(a, x, scale) : upper_fraction(a, x, scale);
	return q < 0 ? 0 : q > 1 ? 1 : q;
}

double ms_stats_chance(const uint64_t *counts, const uint32_t *weights, uint32_t count)
{
	double entries = 0, weight = 0, square = 0;
	uint32_t places = 0;

	for (uint32_t i = 0; i < count; i++) {
		entries += (double)counts[i];
		weight += weights[i];
		places += weights[i] > 0;
		if (!weights[i] && counts[i])
			return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		double expected = entries * weights[i] / weight, off = (double)counts[i] - expected;
		square += weights[i] ? off * off / expected : 0;
	}
	return places > 1 ? ms_stats_gamma_q((places - 1) / 2.0, square / 2) : 1;
}
