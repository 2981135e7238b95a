# lit's view of test/: IR and tools through FileCheck. GoogleTest (runtime, import) runs by ctest, test/python by pytest.
import os
import platform

import lit.formats

config.name = "Trafo"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "runtime", "import", "python"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.trafo_build_dir, "test", "lit")

# Our tools, then LLVM's by their plain names (FileCheck, not, split-file, mlir-opt, llvm-readelf, ...).
config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.trafo_build_dir, "bin"), config.llvm_tools_dir, config.environment["PATH"]]
)
config.environment["TRAFO_DNNL"] = config.trafo_dnnl
for name in ("TRAFO_TEST_MODEL", "TRAFO_SHARED", "HOME", "TMPDIR"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

model = os.environ.get("TRAFO_TEST_MODEL") or config.trafo_test_model
shared = os.environ.get("TRAFO_SHARED") or config.trafo_shared
config.substitutions += [
    ("%model", model),
    ("%shared", shared),
    ("%python", config.python),
    ("%ptxas", config.ptxas),
    ("%trafo_build", config.trafo_build_dir),
    ("%trafo_source", config.trafo_source_dir),
    ("%qemu_aarch64", "qemu-aarch64 -L " + os.path.join(config.trafo_source_dir, "build", "aarch64")),
    ("%lib_suffix", ".so"),
]

# What this machine has. Only tests of devices may depend on it; anything else must run everywhere.
if config.ptxas:
    config.available_features.add("ptxas")
if os.path.exists("/dev/nvidiactl"):
    config.available_features.add("cuda")
if "aarch64" in config.cross_runtimes:
    config.available_features.add("aarch64-runtime")
config.available_features.add(platform.machine())
try:
    with open("/proc/cpuinfo") as cpuinfo:
        flags = next((line for line in cpuinfo if line.startswith("flags")), "").split()
except OSError:
    flags = []
# The kernel's names of CPU features, as in 'avx2', 'avx512f', 'avx512_vnni', 'amx_int8'.
config.available_features.update(flag for flag in flags if flag.startswith(("avx", "fma", "f16c", "amx")))
