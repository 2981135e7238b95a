"""The programs under comparison behind one interface; engine_process.py runs each in a process of its own.

An engine's `prefill(ids)` empties the context, processes `ids`, picks the next token greedily and returns the seconds that
took. `decode(count)` continues the last prefill by `count` tokens, end tokens ignored, returns the seconds for them, and
leaves the context as the prefill left it. `steps(ids, rows, sequences, count)` processes `ids` in each of the sequences and
returns the seconds for `count` steps that give each sequence `rows` more tokens, all logits wanted and a token picked from
each; where rows are more than one they are verified and dropped, else they stay. `logits(ids)` is float32 [ids, vocabulary]. Nothing is imported before it is
used: each engine has its own Python packages.
"""

import ctypes
import pathlib
import time


class Trafo:
    """A library made by `trafo compile --emit=so`, through the C ABI of trafo/runtime.h."""

    module = "ctypes"

    class Sampling(ctypes.Structure):
        _fields_ = [("struct_size", ctypes.c_uint32), ("temperature", ctypes.c_float), ("top_k", ctypes.c_int32),
                    ("top_p", ctypes.c_float), ("seed", ctypes.c_uint64)]

    class SessionOptions(ctypes.Structure):
        _fields_ = [("struct_size", ctypes.c_uint32), ("threads", ctypes.c_int32), ("driver", ctypes.c_char_p)]

    class LoadOptions(ctypes.Structure):
        _fields_ = [("struct_size", ctypes.c_uint32), ("flags", ctypes.c_uint32), ("weights_path", ctypes.c_char_p),
                    ("weights_fd", ctypes.c_int32), ("reserved0", ctypes.c_int32), ("allocator", ctypes.c_void_p)]

    class Generated(ctypes.Structure):
        _fields_ = [("prompt_tokens", ctypes.c_int32), ("tokens", ctypes.c_int32), ("stop", ctypes.c_int32),
                    ("shifts", ctypes.c_int32), ("prefill_seconds", ctypes.c_double), ("decode_seconds", ctypes.c_double)]

    class Error(ctypes.Structure):
        _fields_ = [("code", ctypes.c_char * 24), ("message", ctypes.c_char * 1000)]

    def __init__(self, model, threads, context):
        self.api = ctypes.CDLL(model)
        self.model, self.session = ctypes.c_void_p(), ctypes.c_void_p()
        load, with_ = self.LoadOptions(), self.SessionOptions()
        self.api.trafo_load_options_initialize(ctypes.byref(load))
        self.api.trafo_session_options_initialize(ctypes.byref(with_))
        load.weights_path, with_.threads = f"{model}.weights".encode(), threads
        self.call("trafo_model_load_self", ctypes.byref(load), out=self.model)
        self.call("trafo_session_create", self.model, ctypes.byref(with_), out=self.session)

    def call(self, name, *arguments, out):
        error = self.Error()
        if getattr(self.api, name)(*arguments, ctypes.byref(error), ctypes.byref(out)) != 0:
            raise RuntimeError(f"{error.code.decode()}: {error.message.decode()}")

    def generate(self, ids, count):
        options = _GenerateOptions()
        self.api.trafo_generate_options_initialize(ctypes.byref(options))
        options.max_tokens, options.ignore_end = count, 1
        done = self.Generated()
        self.call("trafo_generate", self.session, (ctypes.c_int32 * len(ids))(*ids), ctypes.c_size_t(len(ids)),
                  ctypes.byref(options), out=done)
        return done

    def prefill(self, ids):
        self.truncate(0)
        self.length, self.last = len(ids), ids[-1]
        return self.generate(ids, 1).prefill_seconds

    def decode(self, count):
        self.truncate(self.length - 1)  # the last token of the prompt again; its step is not timed
        seconds = self.generate([self.last], count + 1).decode_seconds
        self.truncate(self.length)
        return seconds

    def truncate(self, length, sequence=0):
        self.call("trafo_sequence_truncate", self.session, ctypes.c_int32(sequence), ctypes.c_int32(length),
                  out=ctypes.c_int32())

    def steps(self, ids, rows, sequences, count):
        logits = ctypes.POINTER(ctypes.c_float)()
        for sequence in range(sequences):
            self.truncate(0, sequence)
            self.call("trafo_prefill", self.session, ctypes.c_int32(sequence), (ctypes.c_int32 * len(ids))(*ids),
                      ctypes.c_size_t(len(ids)), None, ctypes.c_size_t(0), out=logits)
        total, length = rows * sequences, len(ids)
        array = ctypes.c_int32 * total
        tokens, of = array(*[ids[-1]] * total), array(*[row // rows for row in range(total)])
        greedy, token = self.Sampling(), ctypes.c_int32()
        self.api.trafo_sampling_initialize(ctypes.byref(greedy))
        self.api.trafo_model_manifest.restype = ctypes.POINTER(_Manifest)
        stride = self.api.trafo_model_manifest(self.model).contents.logits_stride
        start = time.perf_counter()
        for _ in range(count):
            step = _Rows(ctypes.sizeof(_Rows), total, tokens, array(*[length + row % rows for row in range(total)]), of,
                         array(*range(total)), total, 0)
            self.call("trafo_step", self.session, ctypes.byref(step), out=logits)
            for row in range(total):
                at = ctypes.byref(logits.contents, 4 * stride * row)
                self.call("trafo_sample", self.session, at, ctypes.byref(greedy), ctypes.c_uint64(0), out=token)
                tokens[row] = token.value
            if rows > 1:
                self.truncate(length)
            else:
                length += 1
        seconds = time.perf_counter() - start
        for sequence in range(sequences):
            self.truncate(0, sequence)
        return seconds


class _GenerateOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("sequence", ctypes.c_int32), ("max_tokens", ctypes.c_int32),
                ("ignore_end", ctypes.c_int32), ("keep", ctypes.c_int32), ("reserved0", ctypes.c_int32),
                ("sampling", Trafo.Sampling), ("on_token", ctypes.c_void_p), ("on_token_state", ctypes.c_void_p),
                ("on_shift", ctypes.c_void_p), ("on_shift_state", ctypes.c_void_p)]


class _Rows(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("rows", ctypes.c_int32), ("tokens", ctypes.POINTER(ctypes.c_int32)),
                ("positions", ctypes.POINTER(ctypes.c_int32)), ("sequences", ctypes.POINTER(ctypes.c_int32)),
                ("outputs", ctypes.POINTER(ctypes.c_int32)), ("output_count", ctypes.c_int32), ("reserved0", ctypes.c_int32)]


class _Manifest(ctypes.Structure):
    _fields_ = [("counts", ctypes.c_uint32 * 10), ("sizes", ctypes.c_uint64 * 4), ("logits_stride", ctypes.c_uint64)]


class LlamaCpp:
    """llama.cpp through the C functions that llama-cpp-python binds, without its Python layers above them."""

    module = "llama_cpp"

    def __init__(self, model, threads, context):
        import llama_cpp

        self.api = api = llama_cpp
        # Kept: the library keeps the pointer.
        self.quiet = api.llama_log_callback(lambda level, text, state: None)
        api.llama_log_set(self.quiet, ctypes.c_void_p(0))
        api.llama_backend_init()
        self.model = api.llama_model_load_from_file(model.encode(), api.llama_model_default_params())
        if not self.model:
            raise RuntimeError(f"llama.cpp cannot load {model}")
        parameters = api.llama_context_default_params()
        parameters.n_ctx = context
        parameters.n_batch = parameters.n_ubatch = 512
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.n_seq_max, parameters.kv_unified = 16, True  # one cache for all sequences, as large as for one
        self.context = api.llama_init_from_model(self.model, parameters)
        self.memory = api.llama_get_memory(self.context)
        self.sampler = api.llama_sampler_init_greedy()
        self.vocabulary = api.llama_vocab_n_tokens(api.llama_model_get_vocab(self.model))

    def step(self, ids):
        tokens = (self.api.llama_token * len(ids))(*ids)
        if self.api.llama_decode(self.context, self.api.llama_batch_get_one(tokens, len(ids))) != 0:
            raise RuntimeError("llama_decode failed")
        return self.api.llama_sampler_sample(self.sampler, self.context, -1)

    def prefill(self, ids):
        self.api.llama_memory_clear(self.memory, True)
        start = time.perf_counter()
        for at in range(0, len(ids), 512):
            self.token = self.step(ids[at : at + 512])
        self.length = len(ids)
        return time.perf_counter() - start

    def decode(self, count):
        token = self.token
        start = time.perf_counter()
        for _ in range(count):
            token = self.step([token])
        seconds = time.perf_counter() - start
        self.api.llama_memory_seq_rm(self.memory, 0, self.length, -1)
        return seconds

    def decode_rows(self, batch, rows):
        """One step of (token, position, sequence) each, all logits wanted."""
        batch.n_tokens = len(rows)
        for i, (token, position, sequence) in enumerate(rows):
            batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.logits[i] = token, position, 1, 1
            batch.seq_id[i][0] = sequence
        if self.api.llama_decode(self.context, batch) != 0:
            raise RuntimeError("llama_decode failed")

    def steps(self, ids, rows, sequences, count):
        api = self.api
        api.llama_memory_clear(self.memory, True)
        batch = api.llama_batch_init(512, 0, 1)
        for sequence in range(sequences):
            self.decode_rows(batch, [(token, at, sequence) for at, token in enumerate(ids)])
        length, tokens = len(ids), [ids[-1]] * (rows * sequences)
        start = time.perf_counter()
        for _ in range(count):
            self.decode_rows(batch, [(token, length + row % rows, row // rows) for row, token in enumerate(tokens)])
            tokens = [api.llama_sampler_sample(self.sampler, self.context, row) for row in range(len(tokens))]
            if rows > 1:
                api.llama_memory_seq_rm(self.memory, 0, length, -1)
            else:
                length += 1
        seconds = time.perf_counter() - start
        api.llama_batch_free(batch)
        return seconds

    def logits(self, ids):
        import numpy

        api = self.api
        api.llama_memory_clear(self.memory, True)
        rows = numpy.empty((len(ids), self.vocabulary), numpy.float32)
        batch = api.llama_batch_init(512, 0, 1)
        for at in range(0, len(ids), 512):
            part = ids[at : at + 512]
            self.decode_rows(batch, [(token, at + i, 0) for i, token in enumerate(part)])
            computed = numpy.ctypeslib.as_array(api.llama_get_logits(self.context), (len(part), self.vocabulary))
            rows[at : at + len(part)] = computed
        api.llama_batch_free(batch)
        return rows


class OpenVino:
    """OpenVINO GenAI, which reads the GGUF itself and makes u4 and u8 weights with integer zero points of it."""

    module = "openvino_genai"

    def __init__(self, model, threads, context):
        import numpy
        import openvino
        import openvino_genai

        self.numpy, self.openvino, self.genai = numpy, openvino, openvino_genai
        self.path, self.threads = model, threads
        self.pipeline = openvino_genai.LLMPipeline(model, "CPU", INFERENCE_NUM_THREADS=threads)

    def generate(self, ids, count):
        """Seconds until the first token and for the others."""
        settings = self.genai.GenerationConfig()
        settings.max_new_tokens = settings.min_new_tokens = count
        settings.ignore_eos = True
        settings.do_sample = False
        inputs = self.openvino.Tensor(self.numpy.array([ids], self.numpy.int64))
        start = time.perf_counter()
        result = self.pipeline.generate(inputs, settings)
        took = time.perf_counter() - start
        if len(result.tokens[0]) != count:
            raise RuntimeError(f"OpenVINO gave {len(result.tokens[0])} tokens of {count}")
        first = result.perf_metrics.get_ttft().mean / 1000
        return first, took - first

    def prefill(self, ids):
        self.ids = ids
        return self.generate(ids, 1)[0]

    def decode(self, count):
        return self.generate(self.ids, count + 1)[1]  # the prompt again; its time is apart

    def logits(self, ids):
        # The pipeline gives no logits, but the network that it made of the GGUF, which runs as the pipeline has it run.
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            link = pathlib.Path(folder) / "model.gguf"
            link.symlink_to(self.path)
            self.genai.LLMPipeline(str(link), "CPU", enable_save_ov_model=True)
            network = self.openvino.Core().compile_model(f"{folder}/openvino_model.xml", "CPU",
                                                         {"INFERENCE_NUM_THREADS": self.threads})
            numpy, count = self.numpy, len(ids)
            found = network.create_infer_request().infer(
                {"input_ids": numpy.array([ids], numpy.int64), "attention_mask": numpy.ones((1, count), numpy.int64),
                 "position_ids": numpy.arange(count, dtype=numpy.int64)[None], "beam_idx": numpy.zeros(1, numpy.int32)})
            return next(iter(found.values()))[0].astype(numpy.float32)


ENGINES = {"trafo": Trafo, "llama.cpp": LlamaCpp, "openvino": OpenVino}
