#ifndef TRAFO_RUNTIME_CORE_ERROR_CODES_H
#define TRAFO_RUNTIME_CORE_ERROR_CODES_H

/// The stable codes of the artefact (TRAFO-ART), of running it (TRAFO-RUN) and of the libraries it calls (TRAFO-LIB). A number is never given a new meaning.
namespace trafo::runtime::codes {

// Reading an artefact.
inline constexpr const char *kNoPayload = "TRAFO-ART-0001";       ///< the file does not end in a trailer
inline constexpr const char *kTrailer = "TRAFO-ART-0002";         ///< the trailer's numbers do not fit the file
inline constexpr const char *kHeader = "TRAFO-ART-0003";          ///< the header's magic or fields are wrong
inline constexpr const char *kArtifactVersion = "TRAFO-ART-0004"; ///< layout older or newer than this runtime's
inline constexpr const char *kAbiVersion = "TRAFO-ART-0005";      ///< code made for an older or newer runtime
inline constexpr const char *kTableHash = "TRAFO-ART-0006";       ///< header or section table changed
inline constexpr const char *kSection = "TRAFO-ART-0007";         ///< a section's entry is wrong, missing or double
inline constexpr const char *kSectionHash = "TRAFO-ART-0008";     ///< a section's bytes changed
inline constexpr const char *kManifest = "TRAFO-ART-0009";        ///< a number of the memory plan is impossible
inline constexpr const char *kCodeImage = "TRAFO-ART-0010";       ///< a CODE section is not the ELF image it must be
inline constexpr const char *kCpuFeatures = "TRAFO-ART-0011";     ///< the CPU lacks what every CODE section needs
inline constexpr const char *kNoWeights = "TRAFO-ART-0012";       ///< neither the artefact nor the caller has weights
inline constexpr const char *kOtherModel = "TRAFO-ART-0013";      ///< weights of another model
inline constexpr const char *kOtherWeights = "TRAFO-ART-0014";    ///< weights packed or quantised in another way
inline constexpr const char *kNotRegular = "TRAFO-ART-0015";      ///< a directory, FIFO or device instead of a file
inline constexpr const char *kShrunk = "TRAFO-ART-0016";          ///< a mapped file became shorter
inline constexpr const char *kOpen = "TRAFO-ART-0017";            ///< open() failed
inline constexpr const char *kRead = "TRAFO-ART-0018";            ///< reading or mapping failed
inline constexpr const char *kText = "TRAFO-ART-0019";            ///< the TEXT section does not fit the model

// Writing one (lib/Artifact).
inline constexpr const char *kLauncher = "TRAFO-ART-0030"; ///< the launcher to put before the payload is missing
inline constexpr const char *kCreate = "TRAFO-ART-0031";   ///< the output cannot be created
inline constexpr const char *kWrite = "TRAFO-ART-0032";    ///< writing failed (disk full, quota, I/O error)
inline constexpr const char *kRename = "TRAFO-ART-0033";   ///< the finished file cannot take its name
inline constexpr const char *kMisuse = "TRAFO-ART-0034";   ///< the writer was called out of order (our bug)

// Running a model.
inline constexpr const char *kArgument = "TRAFO-RUN-0001";    ///< an argument of a call is out of range
inline constexpr const char *kContext = "TRAFO-RUN-0002";     ///< more positions than the model was compiled for
inline constexpr const char *kPages = "TRAFO-RUN-0003";       ///< the pool of KV pages is used up
inline constexpr const char *kMemory = "TRAFO-RUN-0004";      ///< no memory for a session
inline constexpr const char *kNonFinite = "TRAFO-RUN-0005";   ///< a logit is NaN or infinite
inline constexpr const char *kNoText = "TRAFO-RUN-0006";      ///< the artefact has no tokenizer
inline constexpr const char *kNoDriver = "TRAFO-RUN-0007";    ///< no driver of that name
inline constexpr const char *kEmptyPrompt = "TRAFO-RUN-0008"; ///< nothing to start from
inline constexpr const char *kInspectOnly = "TRAFO-RUN-0009"; ///< loaded for inspection, cannot be run

// Libraries that code leaves products to.
inline constexpr const char *kLibraryMissing = "TRAFO-LIB-0001"; ///< it cannot be opened
inline constexpr const char *kLibraryVersion = "TRAFO-LIB-0002"; ///< it is too old, or another library
inline constexpr const char *kLibraryProduct =
    "TRAFO-LIB-0003"; ///< it has no fast code for this CPU, or threads of its own
inline constexpr const char *kLibraryBits = "TRAFO-LIB-0004";   ///< its results depend on what they must not
inline constexpr const char *kLibraryFailed = "TRAFO-LIB-0005"; ///< a call failed during a step

} // namespace trafo::runtime::codes

#endif // TRAFO_RUNTIME_CORE_ERROR_CODES_H
