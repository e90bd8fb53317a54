// The page "learn".
