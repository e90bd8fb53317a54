// The page "make".
