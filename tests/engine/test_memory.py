"""Free memory, read from files laid out as Linux does."""

import sys

import pytest

from osler.engine.memory import available_bytes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")

MEMINFO = "MemTotal:       16000 kB\nMemFree:         2000 kB\nMemAvailable:    8000 kB\n"


@pytest.fixture
def system(tmp_path):
    """Writes files below a root of its own."""

    def write(**files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return write


def test_without_limits_it_is_what_the_system_says(system):
    assert available_bytes(system(proc__meminfo=MEMINFO)) == 8000 * 1024


def test_a_limit_of_version_2_counts_less_what_is_used_plus_cache_that_can_go(system):
    root = system(
        proc__meminfo=MEMINFO,
        proc__self__cgroup="0::/box\n",
        sys__fs__cgroup__box__memory_dot_max="5000000\n",
        sys__fs__cgroup__box__memory_dot_current="2000000\n",
        sys__fs__cgroup__box__memory_dot_stat="anon 1\ninactive_file 300000\nactive_file 7\n",
    )
    assert available_bytes(root) == 3_300_000


def test_the_tightest_of_nested_limits_counts(system):
    root = system(
        proc__meminfo=MEMINFO,
        proc__self__cgroup="0::/outer/inner\n",
        sys__fs__cgroup__outer__inner__memory_dot_max="max\n",
        sys__fs__cgroup__outer__inner__memory_dot_current="100\n",
        sys__fs__cgroup__outer__memory_dot_max="4000000\n",
        sys__fs__cgroup__outer__memory_dot_current="1000000\n",
    )
    assert available_bytes(root) == 3_000_000


def test_a_limit_of_version_1_counts(system):
    root = system(
        proc__meminfo=MEMINFO,
        proc__self__cgroup="5:cpu,cpuacct:/\n4:memory:/box\n",
        sys__fs__cgroup__memory__box__memory_dot_limit_in_bytes="6000000\n",
        sys__fs__cgroup__memory__box__memory_dot_usage_in_bytes="1000000\n",
        sys__fs__cgroup__memory__box__memory_dot_stat="cache 9\ntotal_inactive_file 50000\n",
    )
    assert available_bytes(root) == 5_050_000


def test_a_container_whose_own_path_is_hidden_finds_the_limit_at_the_mount_point(system):
    root = system(
        proc__meminfo=MEMINFO,
        proc__self__cgroup="4:memory:/docker/0123456789abcdef\n",
        sys__fs__cgroup__memory__memory_dot_limit_in_bytes="2000000\n",
        sys__fs__cgroup__memory__memory_dot_usage_in_bytes="500000\n",
    )
    assert available_bytes(root) == 1_500_000


def test_the_huge_number_that_stands_for_no_limit_is_none(system):
    root = system(
        proc__meminfo=MEMINFO,
        proc__self__cgroup="4:memory:/\n",
        sys__fs__cgroup__memory__memory_dot_limit_in_bytes="9223372036854771712\n",
        sys__fs__cgroup__memory__memory_dot_usage_in_bytes="500000\n",
    )
    assert available_bytes(root) == 8000 * 1024


def test_a_system_without_these_files_still_has_some_memory(tmp_path):
    assert available_bytes(tmp_path) > 1 << 20


def test_this_machine_has_free_memory():
    assert available_bytes() > 1 << 20
