"""libc - a component that includes a header of the C library is linked with picolibc."""
from conftest import Machine


def test_component_uses_printf_malloc_qsort_and_errno():
    machine = Machine("--system", "libc")
    machine.expect("libc_user: sorted 0 to 99, 42")
    machine.expect("libc_user: too much: ENOMEM")
    machine.quit()
