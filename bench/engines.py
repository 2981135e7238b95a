"""The programs under comparison behind one interface: load a model, continue token ids greedily, say how long it took.

Each runs in a process of its own with its own Python (see measure.py), so nothing here is imported before it is used.
An engine's `generate(ids, count)` continues `ids` from an empty context by `count` tokens, end tokens ignored, and
returns (seconds until the first token, seconds for the others).
"""

import ctypes
import time

CONTEXT = 2048


class Trafo:
    """A program made by `trafo compile`, through the package trafo."""

    def __init__(self, model, threads):
        import trafo

        self.model = trafo.load(model, threads=threads)

    def generate(self, ids, count):
        done = self.model.generate(ids, max_tokens=count, ignore_end=True)
        return done.prefill_seconds, done.decode_seconds


class LlamaCpp:
    """llama.cpp through the C functions that llama-cpp-python binds, without its Python layers above them."""

    def __init__(self, model, threads, all_logits=False):
        import llama_cpp

        self.api = llama_cpp
        # Kept: the library keeps the pointer.
        self.quiet = llama_cpp.llama_log_callback(lambda level, text, state: None)
        llama_cpp.llama_log_set(self.quiet, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        self.model = llama_cpp.llama_model_load_from_file(model.encode(), llama_cpp.llama_model_default_params())
        if not self.model:
            raise RuntimeError(f"llama.cpp cannot load {model}")
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = CONTEXT
        parameters.n_batch = parameters.n_ubatch = 512
        parameters.n_threads = parameters.n_threads_batch = threads
        self.context = llama_cpp.llama_init_from_model(self.model, parameters)
        self.memory = llama_cpp.llama_get_memory(self.context)
        self.sampler = llama_cpp.llama_sampler_init_greedy()
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self.model))

    def step(self, ids):
        tokens = (self.api.llama_token * len(ids))(*ids)
        if self.api.llama_decode(self.context, self.api.llama_batch_get_one(tokens, len(ids))) != 0:
            raise RuntimeError("llama_decode failed")
        return self.api.llama_sampler_sample(self.sampler, self.context, -1)

    def generate(self, ids, count):
        self.api.llama_memory_clear(self.memory, True)
        start = time.perf_counter()
        for at in range(0, len(ids), 512):
            token = self.step(ids[at : at + 512])
        first = time.perf_counter()
        for _ in range(count - 1):
            token = self.step([token])
        return first - start, time.perf_counter() - first

    def logits(self, ids):
        """float32 [ids, vocabulary]."""
        import numpy

        api = self.api
        api.llama_memory_clear(self.memory, True)
        rows = numpy.empty((len(ids), self.vocabulary), numpy.float32)
        batch = api.llama_batch_init(512, 0, 1)
        for at in range(0, len(ids), 512):
            part = ids[at : at + 512]
            batch.n_tokens = len(part)
            for i, token in enumerate(part):
                batch.token[i] = token
                batch.pos[i] = at + i
                batch.n_seq_id[i] = 1
                batch.seq_id[i][0] = 0
                batch.logits[i] = 1
            if api.llama_decode(self.context, batch) != 0:
                raise RuntimeError("llama_decode failed")
            computed = numpy.ctypeslib.as_array(api.llama_get_logits(self.context), (len(part), self.vocabulary))
            rows[at : at + len(part)] = computed
        api.llama_batch_free(batch)
        return rows


class OpenVino:
    """OpenVINO GenAI, which reads the GGUF itself (and requantises it as it sees fit)."""

    def __init__(self, model, threads):
        import numpy
        import openvino
        import openvino_genai

        self.numpy, self.openvino, self.genai = numpy, openvino, openvino_genai
        self.pipeline = openvino_genai.LLMPipeline(model, "CPU", INFERENCE_NUM_THREADS=threads)

    def generate(self, ids, count):
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


ENGINES = {"trafo": Trafo, "llama.cpp": LlamaCpp, "openvino": OpenVino}
