/* test_product.c - products in panels, by the library's own choice of instruction set. */
#include "rows.h"

static void panels_have_16_to_128_rows(void)
{
    for (int64_t rows = 1; rows < 1000; rows++)
        for (int64_t left = rows, n; left > 0; left -= n) {
            n = eid_panel_rows(left);
            CHECK(n > 0 && n <= EID_PANEL && n <= left &&
                  (n >= EID_PANEL_MIN || rows < EID_PANEL_MIN));
        }
}

int main(void)
{
    RUN(rows_have_the_same_bits_in_every_company);
    RUN(panels_have_16_to_128_rows);
    return DONE();
}
