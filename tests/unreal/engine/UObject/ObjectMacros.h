// What the header tool reads, and what it leaves to the compiler. The test's own header tool writes the bodies.
#pragma once

#define UCLASS(...)
#define USTRUCT(...)
#define UENUM(...)
#define UPROPERTY(...)
#define UFUNCTION(...)
#define FAKE_COMBINE_INNER(A, B, C, D) A##B##C##D
#define FAKE_COMBINE(A, B, C, D) FAKE_COMBINE_INNER(A, B, C, D)
#define GENERATED_BODY(...) FAKE_COMBINE(CURRENT_FILE_ID, _, __LINE__, _GENERATED_BODY)
