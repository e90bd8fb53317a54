// The page "listen".
