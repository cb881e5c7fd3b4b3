// The processor's random-number instructions. Each returns 0 for failure; the caller checks CPUID first.

export declare function rdrand(): u64;
export declare function rdseed(): u64;
