from chapters.animations import film

film.main()
